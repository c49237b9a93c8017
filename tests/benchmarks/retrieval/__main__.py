"""`python -m tests.benchmarks.retrieval quality [--set NAME]…`: one set at a time, for whoever works on the search."""

import argparse

from tests.benchmarks.report import Report
from tests.benchmarks.retrieval import quality
from tests.benchmarks.retrieval.sets import SETS, load


def main() -> None:
    """Print the tables of the chosen sets."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.retrieval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("quality", help="documents found: Kefu, dense alone, BM25 alone (and the peers)")
    command.add_argument(
        "--set", action="append", choices=tuple(SETS), dest="sets", help="may be repeated; all if absent"
    )
    command.add_argument("--limit", type=int, default=10_000, help="at most so many queries, taken evenly")
    command.add_argument("--peers", action="store_true", help="LlamaIndex, Haystack and LangChain too")
    given = parser.parse_args()
    chosen = [load(name).sample(given.limit) for name in given.sets or SETS]
    tables = tuple(quality.table(asked, quality.measure(asked, peers=given.peers)) for asked in chosen)
    print(Report("Search quality", quality.WHAT, tables).text())


if __name__ == "__main__":
    main()
