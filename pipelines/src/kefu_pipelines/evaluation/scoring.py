"""Scores of an evaluation: pure functions from what was observed to rates, latencies and a verdict."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kefu_api.wire.chat import Outcome
from kefu_pipelines.evaluation.facts import holds_all
from kefu_pipelines.evaluation.golden import Question

RECALL_AT = 5


@dataclass(frozen=True)
class Observation:
    """What came of one question. Times in seconds."""

    question: Question
    answer: str
    outcome: Outcome
    code: str | None
    documents: tuple[str, ...] | None
    """Documents that the search found, best first; None where it was not asked."""
    first_token: float
    total: float

    @property
    def right(self) -> bool:
        """An answerable question was answered with every fact; an unanswerable one was refused."""
        if not self.question.answerable:
            return self.outcome is Outcome.UNKNOWN
        return self.outcome is Outcome.ANSWERED and holds_all(self.answer, self.question.facts)

    @property
    def refused(self) -> bool:
        """The bot said that it does not know."""
        return self.outcome is Outcome.UNKNOWN

    @property
    def found(self) -> bool | None:
        """Whether a document that holds the answer is among the first five; None where there is nothing to find."""
        if self.documents is None or not self.question.answerable:
            return None
        return bool(set(self.documents[:RECALL_AT]) & set(self.question.sources))


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The rate from 0 to 1; NaN where nothing was counted."""
        return self.hits / self.of if self.of else math.nan

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.hits}/{self.of})" if self.of else "–"


@dataclass(frozen=True)
class Scores:
    """What the observations come to. Times in seconds."""

    recall: Rate
    """Answerable questions for which a right document was among the first five."""
    right: Rate
    """Answerable questions answered with every fact."""
    refusals: Rate
    """Unanswerable questions that were refused."""
    false_refusals: Rate
    """Answerable questions that were refused."""
    unavailable: int
    """Questions for which something was down."""
    first_token_p50: float
    first_token_p95: float
    total_p50: float
    total_p95: float


@dataclass(frozen=True)
class Goal:
    """A rate that is to be reached."""

    name: str
    rate: Callable[[Scores], Rate]
    at_least: float

    def met(self, scores: Scores) -> bool:
        """Whether it is reached; a rate of nothing is not."""
        return self.rate(scores).value >= self.at_least


GOALS = (
    Goal("recall@5", lambda scores: scores.recall, 0.95),
    Goal("right facts", lambda scores: scores.right, 0.85),
    Goal("unanswerable refused", lambda scores: scores.refusals, 0.80),
)


def score(observations: Sequence[Observation]) -> Scores:
    """The scores of some questions."""
    answerable = [seen for seen in observations if seen.question.answerable]
    unanswerable = [seen for seen in observations if not seen.question.answerable]
    searched = [seen.found for seen in answerable if seen.found is not None]
    return Scores(
        recall=_rate(searched),
        right=_rate(seen.right for seen in answerable),
        refusals=_rate(seen.refused for seen in unanswerable),
        false_refusals=_rate(seen.refused for seen in answerable),
        unavailable=sum(seen.outcome is Outcome.UNAVAILABLE for seen in observations),
        first_token_p50=percentile([seen.first_token for seen in observations], 50),
        first_token_p95=percentile([seen.first_token for seen in observations], 95),
        total_p50=percentile([seen.total for seen in observations], 50),
        total_p95=percentile([seen.total for seen in observations], 95),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` % of all do not exceed; NaN of nothing."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _rate(flags: Iterable[bool]) -> Rate:
    known = list(flags)
    return Rate(sum(known), len(known))
