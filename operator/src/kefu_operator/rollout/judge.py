"""From figures to a verdict, with the semantics of Argo Rollouts' analysis: what fails wins, what is unknown waits.

Defined for each metric:

- too few samples: Inconclusive, whatever the value, since three turns say nothing;
- no series (nothing was counted yet, or nothing is scraped): Inconclusive;
- NaN (a ratio of nothing to nothing): Inconclusive;
- Prometheus away, or this question refused or not answered in time: Inconclusive;
- beyond its bound: Fail; else Pass. Infinity is beyond every upper bound: a percentile in the last bucket.

Of several metrics the worst counts: one failure is a failure, whatever the others say.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from kefu_api.kinds.rollout import TIMES, Analysis


class Outcome(IntEnum):
    """From best to worst; the worst of several counts."""

    PASS = 0
    INCONCLUSIVE = 1
    FAIL = 2

    @property
    def title(self) -> Literal["Pass", "Fail", "Inconclusive"]:
        """As the status has it."""
        if self is Outcome.PASS:
            return "Pass"
        return "Fail" if self is Outcome.FAIL else "Inconclusive"


@dataclass(frozen=True)
class Figure:
    """What Prometheus says of one metric; None where it has no series for it."""

    value: float | None
    samples: float | None
    trouble: str = ""
    """Why it says nothing, where it could not be asked."""


@dataclass(frozen=True)
class Judgement:
    """One metric's verdict."""

    metric: str
    outcome: Outcome
    value: str | None
    samples: int | None
    message: str


def judge(analysis: Sequence[Analysis], figures: Mapping[str, Figure]) -> tuple[Judgement, ...]:
    """The verdicts, in the order of the spec."""
    return tuple(_judge(limit, figures.get(limit.metric, Figure(None, None))) for limit in analysis)


def unknown(analysis: Sequence[Analysis], why: str) -> tuple[Judgement, ...]:
    """The verdicts where there are no figures at all."""
    return tuple(Judgement(limit.metric, Outcome.INCONCLUSIVE, None, None, why) for limit in analysis)


def threshold(limit: Analysis) -> float:
    """The bound as Prometheus counts: seconds, or a ratio."""
    text = limit.at_least or limit.at_most or ""
    if text.endswith("ms"):
        return float(text.removesuffix("ms")) / 1000
    return float(text.removesuffix("s"))


def _judge(limit: Analysis, figure: Figure) -> Judgement:
    name, samples = limit.metric, _whole(figure.samples)
    if figure.trouble:
        return Judgement(name, Outcome.INCONCLUSIVE, None, None, figure.trouble)
    if samples < limit.min_samples:
        told = f"{name}: {samples} of at least {limit.min_samples} samples"
        return Judgement(name, Outcome.INCONCLUSIVE, None, samples, told)
    if figure.value is None or math.isnan(figure.value):
        what = "no value" if figure.value is None else "not a number"
        return Judgement(name, Outcome.INCONCLUSIVE, None, samples, f"{name}: {what} over {samples} samples")
    value = _text(name, figure.value)
    low = limit.at_least is not None
    broken = figure.value < threshold(limit) if low else figure.value > threshold(limit)
    bound = f"at least {limit.at_least}" if low else f"at most {limit.at_most}"
    message = f"{name} is {value} over {samples} samples, {'not ' if broken else ''}{bound}"
    return Judgement(name, Outcome.FAIL if broken else Outcome.PASS, value, samples, message)


def _whole(samples: float | None) -> int:
    # `increase` extrapolates, and gives NaN or a fraction where a counter has just begun.
    return 0 if samples is None or not math.isfinite(samples) else max(round(samples), 0)


def _text(metric: str, value: float) -> str:
    if math.isinf(value):
        return "beyond all buckets"
    return f"{value:.3g}s" if metric in TIMES else f"{value:.4g}"
