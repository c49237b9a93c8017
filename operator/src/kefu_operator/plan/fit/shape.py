"""The few numbers of a model that decide how much memory it needs."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What the weights of the layers are held in. Embedding and output stay in 16 bits in each of them."""

    BFLOAT16 = "bfloat16"
    FP8 = "FP8"
    INT8 = "INT8"
    INT4 = "INT4"


BYTES: dict[Format, float] = {
    Format.BFLOAT16: 2.0,
    Format.FP8: 1.0,
    Format.INT8: 1 + 3 / 128,
    Format.INT4: 0.5 + 2.5 / 128,
}
"""Bytes of one weight. INT8 and INT4 carry a scale of two bytes, and a zero point as wide as a weight, for each group of
128 weights, as GPTQ (arXiv:2210.17323) and AWQ (arXiv:2306.00978) write them."""


@dataclass(frozen=True)
class ModelShape:
    """One model."""

    name: str
    """As people call it."""
    parameters: int
    """Weights in all, of every expert."""
    wide: int = 0
    """Those of them in embedding and output, which no quantisation here touches."""
    cache_per_token: int | None = None
    """Bytes of keys and values for one token in 16 bits, over all layers; None: unknown."""
    heads: int | None = None
    """Attention heads: tensor parallelism must divide them."""
    kv_heads: int | None = None
    """Key-value heads: beyond their number each device holds a copy of one."""
    context: int | None = None
    """Tokens it was trained for, which vLLM takes as the longest context."""
    stored: Format = Format.BFLOAT16
    """What its files hold."""


def weights(shape: ModelShape, held: Format) -> int:
    """Bytes of all weights.

    Source: sum over tensors of elements × bytes, with `wide` elements at two bytes.
    """
    return round((shape.parameters - shape.wide) * BYTES[held] + shape.wide * 2)


def cache_per_token(layers: int, kv_heads: int, head_size: int) -> int:
    """Bytes of keys and values for one token in 16 bits.

    Source: 2 (K and V) × layers × key-value heads × head size × 2 bytes (Kwon et al., arXiv:2309.06180, section 3).
    """
    return 2 * layers * kv_heads * head_size * 2
