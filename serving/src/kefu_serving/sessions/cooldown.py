"""Leaving a failed server alone for a while, so that its time-outs do not slow every turn."""

import time
from collections.abc import Callable


class Cooldown:
    """Open after a failure for `seconds`, then lets callers try again."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until = float("-inf")

    @property
    def active(self) -> bool:
        """Whether the server should be left alone now."""
        return self._clock() < self._until

    def start(self) -> None:
        """Notes a failure."""
        self._until = self._clock() + self._seconds

    def stop(self) -> None:
        """Notes a success."""
        self._until = float("-inf")
