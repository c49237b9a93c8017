"""The command line's front: finds the subcommand, imports it alone, and turns errors into sentences and exit codes."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from kefu_operator.cli.errors import CliError
from kefu_operator.exits import MEANING, UNAVAILABLE

COMMANDS = {
    "run": "serve YAML files on this machine, without a cluster",
    "validate": "say what the API server would say about YAML files",
    "render": "print what the operator would apply for YAML files",
    "chat": "ask a chatbot",
    "status": "show how a chatbot is, here or in the cluster",
    "search": "look a question up in an index, and see why",
    "knowledge": "list, compare, judge and publish versions of an index",
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
    parser, commands = _parser()
    # Only the named command is imported: `kefu validate` must not pay for the Kubernetes client.
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == chosen:
            importlib.import_module(f"kefu_operator.cli.commands.{name}").register(commands, summary)
        else:
            commands.add_parser(name, help=summary)
    arguments = parser.parse_args(words)
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


def _parser() -> tuple[argparse.ArgumentParser, "argparse._SubParsersAction[argparse.ArgumentParser]"]:
    parser = argparse.ArgumentParser(
        "kefu",
        description="Declare a customer-service chatbot in YAML; run, check, render, ask and watch it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"kefu {version('kefu-operator')}")
    return parser, parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
