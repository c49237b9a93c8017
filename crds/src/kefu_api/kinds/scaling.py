"""Scaling: how many gateways and how many engines run, and by which figures that is decided."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled, exactly_one_of
from kefu_api.kinds.shape import ATOMIC
from kefu_api.kinds.types import Duration, Ratio, seconds

SHORTEST_IDLE = 30
"""Seconds. Figures are looked at every few seconds: engines that leave sooner would come and go between two questions."""


class GatewayScaling(Ruled):
    """How many gateways run."""

    RULES: ClassVar = (
        Rule(
            "self.min <= self.max",
            lambda scaling: scaling.min <= scaling.max,
            "min must not exceed max: lower scaling.gateway.min or raise scaling.gateway.max",
        ),
    )

    min: Annotated[int, Field(ge=1, le=100)] = 2
    """At least this many pods."""
    max: Annotated[int, Field(ge=1, le=1000)] = 20
    """At most this many pods."""
    cpu: Annotated[int, Field(ge=10, le=100)] = 70
    """Average CPU use, in percent of the request, that scaling aims at."""


class ScalingSignal(Ruled):
    """A figure of the engine's own, and how much of it a pod may have before another one is started."""

    RULES: ClassVar = (exactly_one_of("queueDepth", "kvCacheUse", remedy="give each signal an entry of its own"),)

    queue_depth: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Requests that wait for a pod of the engine, on average."""
    kv_cache_use: Ratio | None = None
    """Share of the KV cache in use, on average; told by vLLM alone."""


class EngineScaling(Ruled):
    """How many pods of the engine run."""

    RULES: ClassVar = (
        Rule(
            "self.min <= self.max",
            lambda scaling: scaling.min <= scaling.max,
            "min must not exceed max: lower scaling.engine.min or raise scaling.engine.max",
        ),
        Rule(
            "self.signals.filter(s, has(s.queueDepth)).size() <= 1 && self.signals.filter(s, has(s.kvCacheUse)).size() <= 1",
            lambda scaling: (
                sum(signal.queue_depth is not None for signal in scaling.signals) <= 1
                and sum(signal.kv_cache_use is not None for signal in scaling.signals) <= 1
            ),
            "every signal may be named once: remove the double from scaling.engine.signals",
        ),
        Rule(
            f"!has(self.toZeroAfter) || duration(self.toZeroAfter) >= duration('{SHORTEST_IDLE}s')",
            lambda scaling: scaling.to_zero_after is None or seconds(scaling.to_zero_after) >= SHORTEST_IDLE,
            f"toZeroAfter must be at least {SHORTEST_IDLE}s: raise scaling.engine.toZeroAfter",
        ),
    )

    min: Annotated[int, Field(ge=1, le=1000)] = 1
    """At least this many pods while questions are asked."""
    max: Annotated[int, Field(ge=1, le=1000)]
    """At most this many pods."""
    signals: Annotated[tuple[ScalingSignal, ...], Field(min_length=1, max_length=2, json_schema_extra=ATOMIC)] = (
        ScalingSignal(queue_depth=4),
    )
    """Figures that decide, through Prometheus; the one that asks for the most pods counts."""
    to_zero_after: Duration | None = None
    """How long after the last question all pods go (needs KEDA); the next question is held until a pod is back, as long as
    budget.total allows. Absent: never."""


class Scaling(Part):
    """How many pods run."""

    gateway: GatewayScaling = GatewayScaling()
    """Of the gateway."""
    engine: EngineScaling | None = None
    """Of the engine; absent: as many as engine.replicas says."""
