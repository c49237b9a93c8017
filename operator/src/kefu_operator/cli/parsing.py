"""What the subcommands' parsers have in common."""

import argparse
from collections.abc import Callable
from typing import Any


def subcommand(
    commands: Any, name: str, summary: str, examples: str, handle: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """A subcommand's parser: its help says what it is for and ends with examples."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples.rstrip()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handle=handle)
    return parser


def port(text: str) -> int:
    """A TCP port number.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


def bounded(low: float, high: float) -> Callable[[str], float]:
    """A parser of numbers from `low` to `high`: of whole ones where both are.

    The parser raises argparse.ArgumentTypeError where the text is none.
    """
    kind = int if isinstance(low, int) and isinstance(high, int) else float

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not from {low} to {high}: give such a number")
        return value

    return parse
