"""How a version is judged, and how versions become visible."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.meta import ConfigMapReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import ATOMIC
from kefu_api.kinds.types import Ratio, VersionName


class Questions(Part):
    """Where the golden questions are."""

    config_map: ConfigMapReference
    """A ConfigMap; each of its keys is a YAML list of questions. Changes are followed."""


class Gate(Part):
    """One score that a version must reach."""

    metric: Literal["recallAt1", "recallAt5", "recallAt10", "mrr", "ndcgAt5", "answered", "refused"]
    """Which score; docs/reference/retrieval.md gives each one's formula."""
    at_least: Ratio
    """The lowest value with which a version is published by itself."""


class Evaluation(Ruled):
    """How a version is judged before anybody sees it."""

    RULES: ClassVar = (
        Rule(
            "self.gates.all(a, self.gates.exists_one(b, a.metric == b.metric))",
            lambda evaluation: len({gate.metric for gate in evaluation.gates}) == len(evaluation.gates),
            "metrics of gates must differ from each other: remove one of spec.evaluation.gates",
        ),
    )

    questions: Questions
    """The golden questions: what customers ask, and what a right answer is drawn from."""
    gates: Annotated[tuple[Gate, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """Scores that a version must reach; none: versions are judged, and published whatever their scores."""
    calibration: Literal["Auto", "Off"] = "Auto"
    """Auto: where there are questions enough, and it helps, they teach what the confidence of each version means, so that
    `search.minConfidence` is a probability. Off: what the built-in formula says."""


class Publishing(Part):
    """How versions become visible."""

    mode: Literal["Automatic", "Manual"] = "Automatic"
    """Automatic: a version that passes every gate is published. Manual: only `version` is."""
    version: VersionName | None = None
    """Publish this version, which `status.versions` must name, and stay with it: to go back, or to publish by hand."""
    keep: Annotated[int, Field(ge=1, le=10)] = 3
    """How many versions stay in the store, the published one included."""
    max_loss: Ratio = "0.5"
    """Largest share of the published documents that a new version may lack; one that lacks more (and more than ten) is not built."""
