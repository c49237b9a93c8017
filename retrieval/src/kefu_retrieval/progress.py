"""How far a job is, as lines of its log: the operator reads the last one, since a pod that runs has no other last word."""

import logging
import time
from collections.abc import Callable

INTERVAL_SECONDS = 2.0

log = logging.getLogger(__name__)


class Progress:
    """Tells a phase at once, and its figures every few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase = ""
        self._told = 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        """`phase`: Building, Evaluating; `done` of `total` chunks or questions."""
        if phase == self._phase and done < total and self._clock() - self._told < INTERVAL_SECONDS:
            return
        self._phase, self._told = phase, self._clock()
        log.info("progress", extra={"phase": phase, "done": done, "total": total})
