"""From what golden questions found to what a confidence means, where there are enough of them to tell.

A question's point is the confidence of its response, and whether the evidence for an answer was among the first five. The curve is their
isotonic regression over confidences in hundredths, with Platt's targets in place of 0 and 1, (n₁ + 1) / (n₁ + 2) and 1 / (n₀ + 2), so
that a few questions are never certain (Platt, "Probabilistic outputs for support vector machines", 1999). It begins at (0, 0): where
nothing speaks for an answer there is none.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from kefu_retrieval.evaluation.isotonic import isotonic
from kefu_retrieval.search.calibration import Calibration

LEAST = 200
"""Questions below which the formula is believed, which was learnt from more: curves of 60 questions of CMRC 2018, half of which had no
answer among the documents, did as often worse as better than the formula on 240 others; with 300 the error fell from 0.14 to 0.03."""
EACH = 20
"""Questions with evidence, and questions without, below which it is believed too: one side alone teaches nothing."""
FOLDS = 5
BINS = 10
"""Of the calibration error; fewer where a bin would hold fewer than `BIN` questions."""
BIN = 6
_HUNDREDTHS = 100


class Point(NamedTuple):
    """What one golden question tells."""

    confidence: float
    """By the formula."""
    right: bool
    """Whether the evidence was there."""


def calibration(points: Sequence[Point], judged_by: str) -> Calibration | None:
    """The curve; None where there are too few points, or where curves do worse than the formula on questions that they have not seen.

    Worse: a greater mean square of the distance between probability and outcome (Brier, 1950), which no curve lowers by betraying
    what it knows.
    """
    rights = sum(point.right for point in points)
    if len(points) < LEAST or min(rights, len(points) - rights) < EACH:
        return None
    unseen = held_out(points)
    if brier(unseen) >= brier(points):
        return None
    return Calibration(
        knots=curve(points),
        questions=len(points),
        before=round(error(points), 4),
        after=round(error(unseen), 4),
        judged_by=judged_by,
    )


def curve(points: Sequence[Point]) -> tuple[tuple[float, float], ...]:
    """Knots of the curve, at most two a hundredth."""
    rights = sum(point.right for point in points)
    targets = {True: (rights + 1) / (rights + 2), False: 1 / (len(points) - rights + 2)}
    sums: dict[int, list[float]] = defaultdict(list)
    for point in points:
        sums[round(point.confidence * _HUNDREDTHS)].append(targets[point.right])
    places = sorted(sums)
    values = isotonic([sum(sums[place]) / len(sums[place]) for place in places], [len(sums[place]) for place in places])
    knots = [(place / _HUNDREDTHS, round(value, 6)) for place, value in zip(places, values, strict=True)]
    within = [
        knot
        for number, knot in enumerate(knots)
        if not (0 < number < len(knots) - 1 and knots[number - 1][1] == knot[1] == knots[number + 1][1])
    ]
    return tuple(([] if within[0][0] == 0 else [(0.0, 0.0)]) + within)


def held_out(points: Sequence[Point]) -> list[Point]:
    """Each point with the probability that a curve gives it which was learnt from the other folds."""
    order = sorted(points, key=lambda point: (point.right, point.confidence))
    found: list[Point] = []
    for fold in range(FOLDS):
        seen = [point for number, point in enumerate(order) if number % FOLDS != fold]
        told = Calibration(knots=curve(seen), questions=len(seen), before=0, after=0, judged_by="")
        found += [Point(told(point.confidence), point.right) for point in order[fold::FOLDS]]
    return found


def brier(points: Sequence[Point]) -> float:
    """Mean square of what lies between probability and outcome."""
    return _mean(points, lambda point: (point.confidence - point.right) ** 2)


def error(points: Sequence[Point]) -> float:
    """Expected calibration error: how far probability and outcome are apart on average, over bins of equally many points.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; bins of equal
    counts as in Nixon et al., "Measuring calibration in deep learning", 2019.
    """
    order = sorted(points)
    bins = max(1, min(BINS, len(order) // BIN))
    bounds = [number * len(order) // bins for number in range(bins + 1)]
    parts = [order[low:high] for low, high in pairwise(bounds)]
    gaps = [
        abs(_mean(part, lambda point: point.confidence) - _mean(part, lambda point: float(point.right)))
        for part in parts
    ]
    return sum(len(part) * gap for part, gap in zip(parts, gaps, strict=True)) / len(order)


def _mean(points: Sequence[Point], value: Callable[[Point], float]) -> float:
    return sum(map(value, points)) / len(points)
