"""Gates: the scores that a version must reach to be published by itself."""

from collections.abc import Iterable

from kefu_api.documents.index import FailedGate, Gate, Metric, Scores


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
    found: float | None = scores.model_dump(by_alias=True)[metric]
    return found
