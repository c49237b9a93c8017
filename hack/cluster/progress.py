"""Progress for the person who waits: one line a step, with the seconds since the command began."""

import sys
import time

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """Print one line to standard error, so that standard output stays free for answers."""
    print(f"[{time.monotonic() - _BEGAN:6.1f}s] {text}", file=sys.stderr, flush=True)
