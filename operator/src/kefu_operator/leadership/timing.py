"""How long a lease holds, and how often it is renewed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds. A leader that dies is followed after at most `duration` and two times `retry`."""

    duration: float = 12
    """A lease that nobody renewed for so long may be taken."""
    deadline: float = 8
    """A leader that could not renew for so long begins no more writes; what it began ends before `duration`."""
    retry: float = 2
    """Between two looks at the lease."""
    call: float = 3
    """How long one look or renewal may take."""


def jittered(seconds: float, share: float) -> float:
    """Between nine tenths and the whole; `share` is random, from 0 to 1."""
    return seconds * (0.9 + 0.1 * share)
