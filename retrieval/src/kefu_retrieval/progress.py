"""How far a job is, as lines of its log: the operator reads the last one, since a pod that runs has no other last word."""

import logging
import time
from collections import deque
from collections.abc import Callable

INTERVAL_SECONDS = 2.0
WINDOW_SECONDS = 60.0
"""The pace is that of so long: what a restarted job passes over, since it is there, soon counts no more."""
SEEN_SECONDS = 6.0
"""A pace of less is none."""

log = logging.getLogger(__name__)


class Progress:
    """Tells a phase at once, and every few seconds its figures and how long it will take yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase = ""
        self._told: deque[tuple[float, int]] = deque()
        """When, and how much was done."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """`phase`: Building, Evaluating; `done` of `total` chunks or questions."""
        now = self._clock()
        if phase != self._phase:
            self._phase = phase
            self._told.clear()
        elif done < total and now - self._told[-1][0] < INTERVAL_SECONDS:
            return
        self._told.append((now, done))
        while now - self._told[0][0] > WINDOW_SECONDS and now - self._told[1][0] >= SEEN_SECONDS:
            self._told.popleft()
        left = self._left(total)
        known = {} if left is None else {"left": left}
        log.info("progress", extra={"phase": phase, "done": done, "total": total, **known})

    def _left(self, total: int) -> int | None:
        """Seconds until all is done, at the pace of the last minute; None where it shows none."""
        (began, before), (now, done) = self._told[0], self._told[-1]
        if done <= before or now - began < SEEN_SECONDS:
            return None
        return round((total - done) * (now - began) / (done - before))
