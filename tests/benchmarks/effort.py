"""How long a benchmark may take: long enough to trust, or just long enough to see that its driver works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Bounds that every benchmark reads in its own way."""

    quick: bool
    repetitions: int
    """How often the subjects are gone through; the tables show medians."""
    warm_seconds: float
    """Load before each measurement of requests a second, not counted."""
    load_seconds: float
    """Length of each measurement of requests a second."""
    rounds: int
    """Streams one after another on each connection, in each repetition."""


FULL = Effort(quick=False, repetitions=5, warm_seconds=1.0, load_seconds=4.0, rounds=4)
QUICK = Effort(quick=True, repetitions=1, warm_seconds=0.1, load_seconds=0.3, rounds=1)
