"""Gates: the scores that a version must reach to be published by itself."""

from collections.abc import Iterable

from kefu_api.documents.index import FailedGate, Gate, Metric, Scores

FIELDS: dict[Metric, str] = {
    "recallAt1": "recall_at1",
    "recallAt5": "recall_at5",
    "recallAt10": "recall_at10",
    "mrr": "mrr",
    "ndcgAt5": "ndcg_at5",
    "answered": "answered",
    "refused": "refused",
}


def failed(gates: Iterable[Gate], scores: Scores) -> tuple[FailedGate, ...]:
    """The gates that do not hold; a score that no question tells holds no gate."""
    judged = ((gate, value(scores, gate.metric)) for gate in gates)
    return tuple(
        FailedGate(metric=gate.metric, at_least=gate.at_least, value=score)
        for gate, score in judged
        if score is None or score < gate.at_least
    )


def value(scores: Scores, metric: Metric) -> float | None:
    """One score by its name."""
    found: float | None = getattr(scores, FIELDS[metric])
    return found
