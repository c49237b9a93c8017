"""Where the gateway's time goes: `python -m tests.benchmarks.gateway.profiling [whole|stream] [--seconds N]`.

The gateway runs under cProfile, which makes it some three times slower and charges deep call chains too much: read the
shares, and measure every change with the benchmark.
"""

import argparse
import asyncio
import pstats
import tempfile
from pathlib import Path

import uvloop

from tests.benchmarks.gateway import benchmark, raw
from tests.benchmarks.gateway.subjects import INTERVAL, TOKENS, World


def main() -> None:
    """Prints the functions that took most time of their own, then those that took most with all they called."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("load", nargs="?", choices=("whole", "stream"), default="whole")
    parser.add_argument("--api", choices=("chat", "completions"), default="chat")
    parser.add_argument("--seconds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kefu-profile-") as folder:
        figures = Path(folder) / "profile"
        with World(Path(folder)) as world:
            subject = world.kefu(["-m", "tests.benchmarks.gateway.under_profile", str(figures)])[given.api == "chat"]
            if given.load == "whole":
                world.script(1, 0)
                print(benchmark.flood(subject, given.seconds))
            else:
                world.script(TOKENS, INTERVAL)
                load = raw.spread(subject.stream, benchmark.CONNECTIONS, given.seconds, 1.0)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(load)
        for order in ("tottime", "cumtime"):
            pstats.Stats(str(figures)).strip_dirs().sort_stats(order).print_stats(45)


if __name__ == "__main__":
    main()
