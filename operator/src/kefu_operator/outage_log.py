"""Tames kopf's log: while the API server is away it tells of every single try of every watch, as errors.

One line a minute says that it is so and how many were left out; whether a watch works is told by metrics and /readyz.
"""

import logging
import time
from collections.abc import Callable

SECONDS = 60.0
"""Between two lines that say the same."""


class OutageFilter(logging.Filter):
    """Lets one failed try through a minute, as a warning; all else as it is."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._told_at: float | None = None
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is told."""
        if not record.getMessage().startswith("Request attempt "):
            return True
        now = self._clock()
        if self._told_at is not None and now - self._told_at < self._seconds:
            self._left_out += 1
            return False
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        if self._left_out:
            record.msg, record.args = f"{record.getMessage()} ({self._left_out} more like it were left out)", ()
        self._told_at, self._left_out = now, 0
        return True
