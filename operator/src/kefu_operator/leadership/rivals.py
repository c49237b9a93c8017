"""Whether a lease that another holds may be taken.

Its renewal time is another machine's clock; so what counts is for how long we have seen no renewal.
"""

from kefu_operator.desired.types import Object
from kefu_operator.leadership import record

_GONE, _OURS = "gone", "ours"


class Rivals:
    """What was seen of the others' renewals."""

    def __init__(self, default_seconds: float) -> None:
        self._wait = default_seconds
        self._mark: object = None
        self._seen_at = 0.0

    def may_take(self, lease: Object, identity: str, now: float) -> bool:
        """Whether it is free, ours, or was not renewed for as long as its holder promised to."""
        self._see(record.mark(lease), now)
        self._wait = record.duration(lease, self._wait)
        return record.holder(lease) in ("", identity) or self._is_silent(now)

    def made(self, now: float) -> None:
        """We made the lease: should it be gone one day, another may have taken it before."""
        self._see(_OURS, now)

    def may_make(self, now: float) -> bool:
        """Whether a lease may be made where there is none: at once, unless we knew one, which somebody deleted."""
        if self._mark is None:
            return True
        self._see(_GONE, now)
        return self._is_silent(now)

    def _see(self, mark: object, now: float) -> None:
        if mark != self._mark:
            self._mark, self._seen_at = mark, now

    def _is_silent(self, now: float) -> bool:
        return now - self._seen_at >= self._wait
