import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_api.wire.chat import Outcome
from kefu_pipelines.evaluation.scoring import GOALS, Observation, percentile, score
from tests.unit.test_pipelines.observations import ANSWERABLE, UNANSWERABLE, observed


@pytest.mark.parametrize(
    ("observation", "right"),
    [
        (observed(), True),
        (observed(answer="签收后 17 天内。"), False),
        (observed(outcome=Outcome.UNKNOWN), False),
        (observed(outcome=Outcome.UNAVAILABLE), False),
        (observed(UNANSWERABLE, "I do not know.", Outcome.UNKNOWN), True),
        (observed(UNANSWERABLE, "Yes, in Munich."), False),
        (observed(UNANSWERABLE, "Later.", Outcome.UNAVAILABLE), False),
    ],
    ids=[
        "answered with the fact",
        "answered with another number",
        "refused although it could be known",
        "not answered, because something was down",
        "refused what cannot be known",
        "answered what cannot be known",
        "down is no refusal",
    ],
)
def test_what_counts_as_right(observation: Observation, right: bool) -> None:
    assert observation.right is right


def test_a_document_counts_among_the_first_five_only() -> None:
    others = tuple(f"faq/{number}" for number in range(5))
    assert observed(documents=(*others[:4], "policies/returns.zh.md")).found is True
    assert observed(documents=(*others, "faq/return.zh")).found is False
    assert observed(documents=None).found is None
    assert observed(UNANSWERABLE, documents=others).found is None


def test_the_rates_count_what_they_say() -> None:
    scores = score(
        [
            observed(),
            observed(outcome=Outcome.UNKNOWN, documents=()),
            observed(answer="?", documents=()),
            observed(outcome=Outcome.UNAVAILABLE),
            observed(UNANSWERABLE, outcome=Outcome.UNKNOWN),
            observed(UNANSWERABLE),
        ]
    )
    assert (scores.recall.hits, scores.recall.of) == (2, 4)
    assert (scores.right.hits, scores.right.of) == (1, 4)
    assert (scores.false_refusals.hits, scores.false_refusals.of) == (1, 4)
    assert (scores.refusals.hits, scores.refusals.of) == (1, 2)
    assert scores.unavailable == 1
    assert str(scores.refusals) == "50.0% (1/2)"


def test_goals_are_missed_by_nothing_and_by_too_little() -> None:
    assert not any(goal.met(score([])) for goal in GOALS)
    perfect = score([observed(), observed(UNANSWERABLE, outcome=Outcome.UNKNOWN)])
    assert all(goal.met(perfect) for goal in GOALS)
    worse = score([observed(), observed(ANSWERABLE, answer="?"), observed(UNANSWERABLE, outcome=Outcome.UNKNOWN)])
    assert [goal.name for goal in GOALS if not goal.met(worse)] == ["right facts"]


def test_percentiles_are_nearest_rank() -> None:
    assert percentile([4, 1, 3, 2], 50) == 2
    assert percentile([4, 1, 3, 2], 95) == 4
    assert percentile([7], 95) == 7
    assert math.isnan(percentile([], 50))


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_at_least_that_share_does_not_exceed_the_percentile(values: list[float], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100
    assert sum(value < found for value in values) < len(values) * percent / 100
