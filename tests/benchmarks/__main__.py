"""`python -m tests.benchmarks [NAME…]`: runs benchmarks, prints their tables, keeps the last ones in docs/benchmarks.md."""

import argparse
import signal
import sys
from pathlib import Path

from tests.benchmarks import machine, page
from tests.benchmarks.catalog import BENCHMARKS
from tests.benchmarks.effort import FULL, QUICK, Effort
from tests.benchmarks.errors import BenchmarkError, Unavailable


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; exits with usage when it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Benchmarks against named peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes: proves the drivers only")
    parser.add_argument(
        "--page", type=Path, help="file to keep the tables in (default: docs/benchmarks.md unless quick)"
    )
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    return given


def measure(name: str, effort: Effort, kept: Path | None) -> bool:
    """Runs one benchmark and prints it; False when it failed. One that cannot be run here is skipped with a sentence."""
    load = machine.load()
    try:
        report = BENCHMARKS[name](effort)
    except Unavailable as error:
        print(f"\n{name}: skipped: {error}", flush=True)
        return True
    except BenchmarkError as error:
        print(f"\n{name}: failed: {error}", file=sys.stderr, flush=True)
        return False
    print(f"\n{report.text()}\n{page.stamp(load)}", flush=True)
    if kept:
        page.write(kept, name, report, load)
    return True


def main() -> int:
    """Exit status 0 when every benchmark ran or was skipped, 1 when one failed."""
    given = parse()
    # A polite request to stop unwinds the stack, so that no server outlives the driver.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = given.page or (None if given.quick else page.PAGE)
    effort = QUICK if given.quick else FULL
    done = [measure(name, effort, kept) for name in given.names or BENCHMARKS]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
