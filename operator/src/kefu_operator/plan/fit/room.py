"""How much of each device is left for the KV cache once the model lies there."""

from dataclasses import dataclass

from kefu_operator.plan.fit.shape import Format, ModelShape, weights

_LARGE = 70 * 2**30
"""Bytes of memory from which vLLM reads 8,192 tokens of prompts at once, where it reads 2,048 on smaller devices."""


def runtime(memory: int) -> int:
    """Bytes of a device of `memory` bytes that are neither weights nor cache: what the driver keeps, CUDA context, NCCL
    buffers, and the activations of the largest batch.

    Source: for Qwen2.5-32B on two L40S vLLM reports 30.71 GiB of weights and 7.71 GiB of cache out of 0.9 × 44.99 GiB, which
    leaves 2.07 GiB (github.com/vllm-project/vllm/issues/15815). On an H100 hack/gpu/memory.py measured up to 1.49 GiB of
    activations (Qwen3-32B, 8,192 tokens), 0.60 GiB of context, and 0.47 GiB that nvidia-smi counts and CUDA does not give.
    """
    return (3 if memory >= _LARGE else 2) * 2**30


@dataclass(frozen=True)
class Layout:
    """How a model lies on its devices."""

    held: Format
    tensor: int
    """Over how many devices each layer is split."""
    pipeline: int
    """Over how many groups of devices the layers are spread."""

    @property
    def devices(self) -> int:
        """How many it takes."""
        return self.tensor * self.pipeline


@dataclass(frozen=True)
class Room:
    """One device of a layout, in bytes."""

    usable: float
    """What the engine may use."""
    weights: float
    cache: float
    """What is left for keys and values; negative where not even the weights fit."""
    per_token: float | None
    """Of keys and values on this device; None: unknown."""

    @property
    def tokens(self) -> int | None:
        """How many tokens the cache holds; None: unknown."""
        return None if self.per_token is None else max(0, int(self.cache / self.per_token))


def room(shape: ModelShape, layout: Layout, memory: int, utilization: float, beside: int = 0) -> Room:
    """The room on one device of `memory` bytes, of which the engine may use the share `utilization`.

    `beside` are bytes of other weights that are split as the model's are.

    Source: vLLM's own: memory × gpu_memory_utilization − weights − activations is the KV cache.
    """
    usable = memory * utilization
    held = (weights(shape, layout.held) + beside) / layout.devices
    return Room(usable, held, usable - held - runtime(memory), _per_token(shape, layout))


def _per_token(shape: ModelShape, layout: Layout) -> float | None:
    if shape.cache_per_token is None:
        return None
    # With more devices than key-value heads each device holds a copy of one.
    split = min(layout.tensor, shape.kv_heads) if shape.kv_heads else layout.tensor
    return shape.cache_per_token / split / layout.pipeline
