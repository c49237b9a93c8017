"""Measurements of one subject over all repetitions, and what the tables say about them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Whole:
    """Answers in one piece, as fast as they come; times in seconds."""

    per_second: float
    per_cpu_second: float
    """Requests for each second of the subject's own CPU time: what one core can do when nothing else is in the way."""
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Streams:
    """First words of streamed answers, in seconds, and CPU time for each token."""

    p50: float
    p99: float
    cpu_per_token: float


@dataclass(slots=True)
class Figures:
    """All that was measured of one subject."""

    whole: list[Whole] = field(default_factory=list)
    spread: list[Streams] = field(default_factory=list)
    burst: list[Streams] = field(default_factory=list)
    resident_bytes: int = 0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank). Needs a value."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def middle(measured: Sequence[object], name: str) -> float:
    """The median over the repetitions of one figure."""
    values: list[float] = [getattr(one, name) for one in measured]
    return median(values)
