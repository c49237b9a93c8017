"""The same question without accelerators: how much of the node's memory vLLM's CPU build needs."""

from dataclasses import dataclass
from math import ceil

from kefu_api.kinds.types import amount
from kefu_operator.plan.errors import EngineDoesNotFit
from kefu_operator.plan.fit.choose import LEAST, STEP
from kefu_operator.plan.fit.shape import ModelShape, weights

GIB = 2**30
PROGRAM = 4 * GIB
"""Bytes of the server itself and of its activations; with 0.5 billion weights it was seen to take 3 GiB in all."""
LEAST_MEMORY = 12 * GIB
"""What a pod gets where nothing is known of its model."""


@dataclass(frozen=True)
class ProcessorFit:
    """What was chosen."""

    cache_gib: int
    """GiB of KV cache (`VLLM_CPU_KVCACHE_SPACE`)."""
    memory: str
    """Of the pod."""
    context: int | None
    """Longest context to ask for; None: the model's own."""


def fit_processor(shape: ModelShape | None, context: int | None, memory: str | None, nodes: int = 1) -> ProcessorFit:
    """Room for one context in the KV cache, and for the weights beside it.

    Args:
        shape: of the model, if known.
        context: that the spec asks for.
        memory: that the spec gives to the pod.
        nodes: pods that the layers are spread over; embedding and output may lie in the same one.

    Raises:
        EngineDoesNotFit: the weights and the cache take more than `memory`.
    """
    if shape is None:
        return ProcessorFit(1, memory or _gib(LEAST_MEMORY), context)
    cache = _cache(shape, context)
    wide = 2 * shape.wide
    needed = (weights(shape, shape.stored) - wide) / nodes + wide + cache * GIB
    if memory and needed > amount(memory):
        raise EngineDoesNotFit(
            f"spec.engine.resources.memory: {shape.name} takes {needed / GIB:.1f} GiB, of which {cache} GiB are KV cache, "
            f"and the server itself on top: give it {_gib(needed + PROGRAM)} in place of {memory}, or choose a smaller model"
        )
    chosen = memory or _gib(max(LEAST_MEMORY, needed + PROGRAM))
    return ProcessorFit(cache, chosen, context or _longest(shape, cache))


def _cache(shape: ModelShape, context: int | None) -> int:
    least = context or min(shape.context or LEAST, LEAST)
    return max(1, ceil(least * (shape.cache_per_token or 0) / GIB))


def _longest(shape: ModelShape, cache: int) -> int | None:
    if shape.cache_per_token is None or shape.context is None:
        return None
    tokens = cache * GIB // shape.cache_per_token
    return None if tokens >= shape.context else tokens // STEP * STEP


def _gib(size: float) -> str:
    return f"{ceil(size / GIB)}Gi"
