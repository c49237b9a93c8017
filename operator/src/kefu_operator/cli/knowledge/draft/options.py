"""Options of `kefu knowledge draft`, and the run that they ask for."""

import argparse
from pathlib import Path

from kefu_operator.cli.knowledge import engine
from kefu_operator.cli.knowledge.draft.drafting import Drafting, Wish
from kefu_operator.cli.knowledge.draft.sheet import Sheet
from kefu_operator.cli.knowledge.place import Place
from kefu_operator.cli.parsing import bounded

MOST = 1_000
"""Passages of one draft; a person edits what comes of them."""


def add_drafting(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--version", help="draft from this version (default: the published one)")
    parser.add_argument(
        "--passages",
        type=bounded(1, MOST),
        default=40,
        metavar="N",
        help="how many passages are asked about (default: 40)",
    )
    parser.add_argument(
        "--unanswerable",
        type=bounded(0.0, 1.0),
        default=0.25,
        metavar="SHARE",
        help="share of the passages beside which unanswerable questions are drafted (default: 0.25)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("golden-draft.yaml"), metavar="FILE", help="file to write, or to go on with"
    )
    parser.add_argument(
        "--engine",
        metavar="URL",
        help="base URL of an OpenAI-compatible engine (default: that of a chatbot of the index)",
    )
    parser.add_argument("--model", metavar="NAME", help="which of its models (default: the first)")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help=f"file with the engine's key (default: ${engine.KEY})"
    )


def drafting_of(place: Place, index: str, arguments: argparse.Namespace) -> Drafting:
    """The run, with the engine at hand and the file read.

    Raises:
        CliError: there is no engine, or the file is no list of questions.
    """
    chosen = (
        engine.at(arguments.engine, arguments.model, arguments.key_file) if arguments.engine else place.engine(index)
    )
    wish = Wish(index, arguments.version, arguments.passages, arguments.unanswerable)
    return Drafting(place, chosen, Sheet.open(arguments.out), wish)
