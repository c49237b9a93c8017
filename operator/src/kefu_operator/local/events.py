"""What local mode tells while it works: the seam between doing and printing."""

from collections.abc import Callable
from enum import Enum


class Tone(Enum):
    """How a line is meant."""

    STEP = "step"
    """Something began or goes on."""
    PASSING = "passing"
    """A progress that the next line may overwrite."""
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


Tell = Callable[[str, str, Tone], None]
"""Told with the workload's name, a sentence, and its tone."""
