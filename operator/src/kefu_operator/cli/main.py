"""The command line's front: finds the subcommand, imports it alone, and turns errors into sentences and exit codes."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from kefu_operator.cli.completion.candidates import complete
from kefu_operator.cli.errors import CliError
from kefu_operator.exits import MEANING, OK, UNAVAILABLE

PLUGIN = "kubectl-kefu"
"""Name of the executable that kubectl finds as its plugin."""
COMPLETE = "__complete"
"""Before words that are to be completed; shells' scripts use it."""

COMMANDS = {
    "run": "serve YAML files on this machine, without a cluster",
    "validate": "say what the API server would say about YAML files",
    "render": "print what the operator would apply for YAML files",
    "chat": "ask a chatbot",
    "status": "show how a chatbot is, here or in the cluster",
    "search": "look a question up in an index, and see why",
    "rollout": "show, hold, decide and undo how a chatbot's releases come to its customers",
    "knowledge": "list, compare, judge and publish versions of an index",
    "completion": "print a script that completes this command in bash, zsh or fish",
}

EPILOG = """\
examples:
  kefu run examples/shop              serve the example shop on http://127.0.0.1:8080
  kefu chat "几天内可以退货？"          ask it
  kefu validate shop.yaml             check a file before applying it

exit codes:
""" + "\n".join(f"  {code:<4}{meaning}" for code, meaning in MEANING.items())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code that `--help` documents."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == [COMPLETE]:
        return _complete(words[1:])
    arguments = _parser(_program(), words).parse_args(words)
    try:
        return int(arguments.handle(arguments))
    except CliError as error:
        print(f"kefu: {error}", file=sys.stderr)  # noqa: T201 - the one place that prints errors
        return error.exit_code
    except BrokenPipeError:
        # Whoever read us has seen enough, e.g. `kefu render … | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNAVAILABLE
    except KeyboardInterrupt:
        return 130


def complete_for_kubectl() -> int:
    """`kubectl_complete-kefu`: what may follow the words of `kubectl kefu`, as kubectl's completion asks for it."""
    return _complete(sys.argv[1:])


def _complete(words: Sequence[str]) -> int:
    found = complete(_parser("kefu", words[:-1]), words)
    for word, text in found.words:
        print(f"{word}\t{text}" if text else word)  # noqa: T201 - shells read it
    print(f":{int(found.directive)}")  # noqa: T201
    return OK


def _program() -> str:
    """`kubectl kefu` where kubectl called it as a plugin."""
    return "kubectl kefu" if Path(sys.argv[0]).name == PLUGIN else "kefu"


def _parser(program: str, words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        program,
        description="Declare a customer-service chatbot in YAML; run, check, render, ask and watch it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"kefu {version('kefu-operator')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # Only the named command is imported: `kefu validate` must not pay for the Kubernetes client.
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == chosen:
            importlib.import_module(f"kefu_operator.cli.commands.{name}").register(commands, summary)
        else:
            commands.add_parser(name, help=summary)
    return parser
