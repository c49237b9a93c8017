"""The check of an index's reranker: searches go on without it, so that nothing but this says that it is away."""

from collections.abc import Iterable, Mapping

from kefu_api.kinds.meta import Condition
from kefu_operator.status.check import Check, Verdict, fail, ok
from kefu_operator.status.reasons import Reason

CONDITION = "RerankerReady"
SKIPPED = "skipped"
"""The outcome of a search that had nothing to ask it."""
LEFT = "most searches of the last five minutes were answered in the order that they had"
TOLD = {
    "broken": (Reason.RERANKER_FAILING, "the reranker cannot be loaded: /readyz of the retrieval pods says why"),
    "failed": (Reason.RERANKER_FAILING, "the reranker refuses or cannot be reached: kefu search --explain says why"),
    "late": (
        Reason.RERANKER_LATE,
        "the reranker took longer than spec.reranker.budgetMilliseconds: raise it, lower candidates, or give it more power",
    ),
}
"""By outcome; those that only follow from one of these (resting) are not told."""


def check_reranker(counted: Mapping[str, float], before: Iterable[Condition]) -> Check | None:
    """What the searches of the last minutes say of it; where there were none, what was said before, if anything was.

    The message holds no figures: a status that changes with each look would be written as often.

    Args:
        counted: searches by outcome.
        before: the conditions as they are.
    """
    asked = sum(counted.values()) - counted.get(SKIPPED, 0.0)
    if asked < 1:
        return said_before(before)
    if counted.get("reranked", 0.0) >= asked / 2:
        return ok(Reason.RERANKING, "it orders the candidates of most searches")
    trouble = max(TOLD, key=lambda outcome: counted.get(outcome, 0.0))
    reason, message = TOLD[trouble]
    return fail(reason, f"{LEFT}: {message}")


def said_before(before: Iterable[Condition]) -> Check | None:
    """The check that the present condition was made of."""
    condition = next((each for each in before if each.type == CONDITION), None)
    if condition is None:
        return None
    verdict = Verdict.OK if condition.status == "True" else Verdict.FAIL
    return Check(verdict, condition.reason, condition.message)
