"""For how long we may write: the fence between a leader that lost its lease unawares and the API server."""

import time
from collections.abc import Callable

from kefu_operator.errors import NotLeading
from kefu_operator.leadership.timing import Timing

Clock = Callable[[], float]


def clock() -> float:
    """Seconds that only grow, and go on while the process is stopped or the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Tenure:
    """Ends by itself when it is not renewed; a clock decides, so no message needs to arrive for that."""

    def __init__(self, timing: Timing, clock: Clock = clock) -> None:
        self._timing = timing
        self._clock = clock
        self._since: float | None = None

    def renew(self, asked_at: float) -> None:
        """Hold the lease since `asked_at`: when its renewal was sent, not when it was answered."""
        self._since = asked_at

    def end(self) -> None:
        """Hold it no more."""
        self._since = None

    @property
    def holds(self) -> bool:
        """Whether a write may begin."""
        return self._since is not None and self._clock() - self._since < self._timing.deadline

    def leave(self) -> float:
        """How many seconds a write may take that begins now: it ends before another may lead.

        Raises:
            NotLeading: none may begin.
        """
        since, now = self._since, self._clock()
        if since is None or now - since >= self._timing.deadline:
            raise NotLeading("this operator does not hold the lease")
        return since + self._timing.duration - now
