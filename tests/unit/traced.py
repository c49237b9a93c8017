"""What an act allocates, told by tracemalloc and so the same on every machine."""

import tracemalloc
from collections.abc import Callable
from typing import NamedTuple


class Traced(NamedTuple):
    """Bytes: still held when the act was done, its result included, and the most at once."""

    left: int
    most: int


def traced(act: Callable[[], object]) -> Traced:
    """Act, and count."""
    tracemalloc.start()
    try:
        _kept = act()
        return Traced(*tracemalloc.get_traced_memory())
    finally:
        tracemalloc.stop()
