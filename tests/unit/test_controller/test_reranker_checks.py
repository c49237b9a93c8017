"""What an index says of its reranker, by what Prometheus counted."""

import pytest

from kefu_api.kinds.meta import Condition
from kefu_operator.status.check import Check, Verdict
from kefu_operator.status.reranker_checks import CONDITION, check_reranker


def said(status: str, reason: str) -> Condition:
    return Condition.model_validate(
        {
            "type": CONDITION,
            "status": status,
            "reason": reason,
            "message": "as it was",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
    )


@pytest.mark.parametrize(
    ("counted", "verdict", "reason"),
    [
        ({"reranked": 40.0}, Verdict.OK, "Reranking"),
        ({"reranked": 20.0, "late": 20.0}, Verdict.OK, "Reranking"),
        ({"reranked": 5.0, "skipped": 90.0}, Verdict.OK, "Reranking"),
        ({"reranked": 19.0, "late": 21.0}, Verdict.FAIL, "RerankerLate"),
        ({"late": 6.0, "resting": 300.0}, Verdict.FAIL, "RerankerLate"),
        ({"failed": 6.0, "late": 2.0, "resting": 300.0}, Verdict.FAIL, "RerankerFailing"),
        ({"broken": 3.0}, Verdict.FAIL, "RerankerFailing"),
    ],
)
def test_most_searches_decide(counted: dict[str, float], verdict: Verdict, reason: str) -> None:
    check = check_reranker(counted, ())
    assert check is not None
    assert (check.verdict, check.reason) == (verdict, reason)


def test_the_remedy_is_that_of_the_commonest_trouble() -> None:
    late, broken = check_reranker({"late": 2.0, "failed": 1.0}, ()), check_reranker({"broken": 2.0, "late": 1.0}, ())
    assert late and "budgetMilliseconds" in late.message
    assert broken and "/readyz" in broken.message


@pytest.mark.parametrize("silence", [{}, {"skipped": 12.0}, {"reranked": 0.0, "failed": 0.0}])
def test_where_nothing_was_asked_it_is_as_it_was(silence: dict[str, float]) -> None:
    assert check_reranker(silence, ()) is None
    assert check_reranker(silence, [said("True", "Reranking")]) == Check(Verdict.OK, "Reranking", "as it was")
    failing = check_reranker(silence, [said("False", "RerankerFailing")])
    assert failing == Check(Verdict.FAIL, "RerankerFailing", "as it was")


def test_the_message_does_not_change_with_the_figures() -> None:
    assert check_reranker({"late": 2.0}, ()) == check_reranker({"late": 812.4}, ())
