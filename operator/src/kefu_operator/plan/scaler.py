"""The scaler of an engine, as it was decided."""

from dataclasses import dataclass
from enum import StrEnum

from kefu_operator.plan.demand import Demand, EngineSignals


class How(StrEnum):
    """By whom, best first."""

    KEDA = "Keda"
    METRICS = "Metrics"
    """A HorizontalPodAutoscaler on the engine's own figures."""
    CPU = "Cpu"
    """A HorizontalPodAutoscaler on CPU."""
    FIXED = "Fixed"
    """Nobody: the number is written."""
    RIVAL = "Rival"
    """An autoscaler that Kefu has not made."""
    CHANGING = "Changing"
    """Nobody yet: the one before has not gone."""


class Lack(StrEnum):
    """What keeps KEDA from doing it, or anybody."""

    KEDA = "Keda"
    PROMETHEUS = "Prometheus"
    LEADER_WORKER_SET = "LeaderWorkerSet"
    """Groups that something else runs cannot be scaled at all."""


@dataclass(frozen=True)
class Autoscaling:
    """The decision about one engine."""

    how: How
    demand: Demand | None = None
    """None where a rival scales an engine that was to have a fixed number of pods."""
    signals: EngineSignals | None = None
    prometheus: str = ""
    """Address that KEDA asks."""
    metrics: tuple[tuple[str, str], ...] = ()
    """Figures of a pod that the custom metrics API offers, each with its target."""
    lack: Lack | None = None
    rival: str = ""
    """Name of the HorizontalPodAutoscaler that was there."""

    @property
    def owns_replicas(self) -> bool:
        """Whether `replicas` is somebody else's."""
        return self.how is not How.FIXED
