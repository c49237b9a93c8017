"""`kefu completion`: the script that teaches a shell to complete the command's words."""

import argparse
from typing import Any

from kefu_operator.cli.completion.scripts import SCRIPTS
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.exits import OK

EXAMPLES = """\
  . <(kefu completion bash)            in this bash; in ~/.bashrc for every one
  . <(kefu completion zsh)             in zsh, after compinit
  kefu completion fish | source        in fish

`kubectl kefu` is completed by kubectl's own completion, which asks `kubectl_complete-kefu`.
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "completion", summary, EXAMPLES, handle)
    parser.add_argument("shell", choices=sorted(SCRIPTS))


def handle(arguments: argparse.Namespace) -> int:
    """Print the script."""
    Output().print(SCRIPTS[arguments.shell].rstrip())
    return OK
