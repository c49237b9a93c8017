"""`kefu run`: serve YAML files on this machine."""

import argparse
from pathlib import Path
from typing import Any

from kefu_operator.cli.errors import CliError
from kefu_operator.cli.parsing import port, subcommand
from kefu_operator.local.console import Console
from kefu_operator.local.errors import LocalError
from kefu_operator.local.options import DEFAULT_PORT, RunOptions
from kefu_operator.local.ports import LOOPBACK
from kefu_operator.local.run import run

EXAMPLES = """\
  kefu run examples/shop                  serve a folder of YAML files on http://127.0.0.1:8080
  kefu run shop.yaml faq.yaml --port 9000 serve two files on another port
  kefu run shop.yaml --state /var/tmp/s   keep index, keys and logs elsewhere

The files are followed: edit an FAQ entry, and the answer changes within seconds. Ctrl-C stops everything.
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "run", summary, EXAMPLES, handle)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="YAML file, or folder of YAML files")
    parser.add_argument(
        "--port", type=port, default=DEFAULT_PORT, help=f"port of the chat gateway (default {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        help=f"address that the gateway listens on (default {LOOPBACK}: this machine only; all else stays there)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="folder for index, keys and logs (default .kefu/NAME)"
    )
    parser.add_argument(
        "--encoder",
        type=Path,
        metavar="FILE",
        help="sentence encoder of the builtin embedding (default: $KEFU_ENCODER_PATH, then the model store)",
    )


def handle(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C.

    Raises:
        CliError: the files cannot be served.
    """
    options = RunOptions(
        paths=tuple(arguments.paths),
        state=arguments.state,
        host=arguments.host,
        port=arguments.port,
        encoder=arguments.encoder,
    )
    try:
        run(options, Console())
    except LocalError as error:
        told = CliError(str(error))
        told.exit_code = error.exit_code
        raise told from error
    return 0
