"""`python -m hack.demo`: what `make demo` and `make eval` run once the virtual environment is there."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hack.demo.errors import DemoError
from hack.demo.evaluate import evaluate
from hack.demo.show import show

DESCRIPTION = """\
local: serve examples/shop, ask three questions through the gateway, and keep it running (on a terminal, or with --keep).
eval:  serve it aside, ask its 60 golden questions, print the scores, and stop."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo or the evaluation; 0 done, else a sentence that says what to do and the exit code of what failed."""
    parser = argparse.ArgumentParser(
        "python -m hack.demo", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    local = commands.add_parser("local", help="serve the example shop and ask it three questions")
    local.add_argument("--port", type=int, default=8080, help="port of the chat page (default 8080)")
    local.add_argument("--keep", action="store_true", help="keep running even if nobody sits at a terminal")
    local.add_argument("--state", type=Path, default=Path(".kefu/shop"), metavar="DIR", help="default .kefu/shop")
    judged = commands.add_parser("eval", help="ask the golden questions and print the scores")
    judged.add_argument("--state", type=Path, default=Path(".kefu/eval"), metavar="DIR", help="default .kefu/eval")
    judged.add_argument("--json", type=Path, metavar="FILE", help="write everything there, too")
    judged.add_argument("--enforce", action="store_true", help="exit with 1 when a goal is missed")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "eval":
            return evaluate(arguments.state, arguments.json, enforce=arguments.enforce)
        keep = arguments.keep or (sys.stdin.isatty() and not os.environ.get("CI"))
        return show(arguments.state, arguments.port, keep=keep)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
