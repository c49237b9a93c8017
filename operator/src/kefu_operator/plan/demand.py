"""What chatbots demand of an engine that is scaled: between how many pods, by which figures, and whether down to none.

Chatbots that share an engine are served by the sum of what they demand: what waits is counted over all of them, each may
bring as many pods as it has for itself, and no pod leaves that one of them wants to have.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_api.kinds.types import seconds


@dataclass(frozen=True)
class EngineSignals:
    """What an engine calls the figures that it can be scaled by."""

    waiting: str
    """Requests that wait until others are done."""
    cache_use: str | None = None
    """Share of the KV cache in use; None where it is not told."""


@dataclass(frozen=True)
class Demand:
    """Of one chatbot, or of several together."""

    minimum: int
    maximum: int
    queue_depth: int | None = None
    """Waiting requests a pod."""
    cache_use: str | None = None
    """Share of the KV cache in use, e.g. `0.8`."""
    idle_seconds: int | None = None
    """After so long without a question all pods go; None: never."""


def demand_of(spec: ChatbotDeploymentSpec) -> Demand | None:
    """What one chatbot demands; None where it asks for a fixed number of pods."""
    wanted = spec.scaling.engine
    if wanted is None:
        return None
    depths = (signal.queue_depth for signal in wanted.signals)
    uses = (signal.kv_cache_use for signal in wanted.signals)
    return Demand(
        minimum=wanted.min,
        maximum=wanted.max,
        queue_depth=next((depth for depth in depths if depth is not None), None),
        cache_use=next((use for use in uses if use is not None), None),
        idle_seconds=seconds(wanted.to_zero_after) if wanted.to_zero_after else None,
    )


def together(wanted: Sequence[tuple[Demand | None, int]]) -> Demand | None:
    """What several chatbots demand of one engine; None where all ask for fixed numbers.

    Args:
        wanted: the demand of each, and the number of pods that it asks for where it has none.
    """
    scaled = [demand for demand, _ in wanted if demand]
    if not scaled:
        return None
    # One that asks for a fixed number has it always; one that asks for none keeps nobody awake.
    fixed = [replicas for demand, replicas in wanted if demand is None and replicas > 0]
    sleepy = not fixed and all(demand.idle_seconds for demand in scaled)
    return Demand(
        minimum=max([demand.minimum for demand in scaled] + fixed),
        maximum=sum([demand.maximum for demand in scaled] + fixed),
        queue_depth=_least(demand.queue_depth for demand in scaled),
        cache_use=_strictest(demand.cache_use for demand in scaled),
        idle_seconds=max(demand.idle_seconds or 0 for demand in scaled) if sleepy else None,
    )


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _strictest(values: Iterable[str | None]) -> str | None:
    return min((value for value in values if value is not None), key=float, default=None)
