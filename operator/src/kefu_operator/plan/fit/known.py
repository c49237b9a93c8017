"""Well-known models by the name of their repository; figures are those of each model's config.json and model card.

Others are described in the spec (`model.parameters`, `model.cachePerToken`). The files themselves are not looked at: they
are downloaded by the engine's pod, after the plan.
"""

import re
from dataclasses import replace

from kefu_operator.plan.fit.shape import Format, ModelShape, cache_per_token

_WORDS = {"instruct", "chat", "it", "base", "thinking", "meta", "coder", "hf"}
"""Parts of a name that do not change a model's shape."""
_FORMATS = (
    (re.compile(r"-(awq|gptq-int4|int4|(?:quantized\.)?w4a16)$"), Format.INT4),
    (re.compile(r"-(gptq-int8|int8|(?:quantized\.)?w8a(?:8|16))$"), Format.INT8),
    (re.compile(r"-(fp8|fp8-dynamic)$"), Format.FP8),
)


def _shape(
    parameters: float, embeddings: int, width: int, layers: int, heads: tuple[int, int], head: int, context: int
) -> ModelShape:
    """A shape from billions of parameters, embedding matrices (1 tied, 2 not) times their width, and attention."""
    return ModelShape(
        name="",
        parameters=round(parameters * 1e9),
        wide=embeddings * width,
        cache_per_token=cache_per_token(layers, heads[1], head),
        heads=heads[0],
        kv_heads=heads[1],
        context=context,
    )


_QWEN2, _QWEN3, _LLAMA3 = 152_064, 151_936, 128_256
"""Sizes of vocabularies."""
_LONG = 262_144

_SHAPES: dict[str, ModelShape] = {
    "qwen2.5-0.5b": _shape(0.494, 1, 151_936 * 896, 24, (14, 2), 64, 32_768),
    "qwen2.5-1.5b": _shape(1.544, 1, 151_936 * 1536, 28, (12, 2), 128, 32_768),
    "qwen2.5-3b": _shape(3.086, 1, 151_936 * 2048, 36, (16, 2), 128, 32_768),
    "qwen2.5-7b": _shape(7.616, 2, _QWEN2 * 3584, 28, (28, 4), 128, 32_768),
    "qwen2.5-14b": _shape(14.770, 2, _QWEN2 * 5120, 48, (40, 8), 128, 32_768),
    "qwen2.5-32b": _shape(32.764, 2, _QWEN2 * 5120, 64, (40, 8), 128, 32_768),
    "qwen2.5-72b": _shape(72.706, 2, _QWEN2 * 8192, 80, (64, 8), 128, 32_768),
    "qwen3-0.6b": _shape(0.596, 1, _QWEN3 * 1024, 28, (16, 8), 128, 40_960),
    "qwen3-1.7b": _shape(1.721, 1, _QWEN3 * 2048, 28, (16, 8), 128, 40_960),
    "qwen3-4b": _shape(4.022, 1, _QWEN3 * 2560, 36, (32, 8), 128, 40_960),
    "qwen3-4b-2507": _shape(4.022, 1, _QWEN3 * 2560, 36, (32, 8), 128, _LONG),
    "qwen3-8b": _shape(8.191, 2, _QWEN3 * 4096, 36, (32, 8), 128, 40_960),
    "qwen3-14b": _shape(14.768, 2, _QWEN3 * 5120, 40, (40, 8), 128, 40_960),
    "qwen3-32b": _shape(32.762, 2, _QWEN3 * 5120, 64, (64, 8), 128, 40_960),
    "qwen3-30b-a3b": _shape(30.532, 2, _QWEN3 * 2048, 48, (32, 4), 128, 40_960),
    "qwen3-30b-a3b-2507": _shape(30.532, 2, _QWEN3 * 2048, 48, (32, 4), 128, _LONG),
    "qwen3-235b-a22b": _shape(235.094, 2, _QWEN3 * 4096, 94, (64, 4), 128, 40_960),
    "qwen3-235b-a22b-2507": _shape(235.094, 2, _QWEN3 * 4096, 94, (64, 4), 128, _LONG),
    "llama-3.1-8b": _shape(8.030, 2, _LLAMA3 * 4096, 32, (32, 8), 128, 131_072),
    "llama-3.1-70b": _shape(70.554, 2, _LLAMA3 * 8192, 80, (64, 8), 128, 131_072),
    "llama-3.1-405b": _shape(405.853, 2, _LLAMA3 * 16_384, 126, (128, 8), 128, 131_072),
    "llama-3.2-1b": _shape(1.236, 1, _LLAMA3 * 2048, 16, (32, 8), 64, 131_072),
    "llama-3.2-3b": _shape(3.213, 1, _LLAMA3 * 3072, 28, (24, 8), 128, 131_072),
    "mistral-7b-v0.3": _shape(7.248, 2, 32_768 * 4096, 32, (32, 8), 128, 32_768),
}
_SAME: dict[str, tuple[str, int]] = {
    "llama-3.3-70b": ("llama-3.1-70b", 131_072),
    "qwen3-30b-a3b-coder": ("qwen3-30b-a3b", _LONG),
    "deepseek-r1-distill-qwen-7b": ("qwen2.5-7b", 131_072),
    "deepseek-r1-distill-qwen-14b": ("qwen2.5-14b", 131_072),
    "deepseek-r1-distill-qwen-32b": ("qwen2.5-32b", 131_072),
    "deepseek-r1-distill-llama-8b": ("llama-3.1-8b", 131_072),
    "deepseek-r1-distill-llama-70b": ("llama-3.1-70b", 131_072),
}
"""Models of another's shape, with their own context."""


def known_model(uri: str) -> ModelShape | None:
    """The model behind an hf:// URI of a whole repository; None where the table does not have it."""
    scheme, _, rest = uri.partition("://")
    parts = rest.split("/")
    if scheme != "hf" or len(parts) != 2:
        return None
    name = parts[1].lower()
    stored = Format.BFLOAT16
    for pattern, held in _FORMATS:
        if pattern.search(name):
            name, stored = pattern.sub("", name), held
            break
    shape = _look_up(name)
    return replace(shape, name=parts[1], stored=stored) if shape else None


def _look_up(name: str) -> ModelShape | None:
    words = name.split("-")
    plain = "-".join(word for word in words if word not in _WORDS)
    if "coder" in words and plain.startswith("qwen3"):
        plain += "-coder"
    if plain in _SAME:
        same, context = _SAME[plain]
        return replace(_SHAPES[same], context=context)
    return _SHAPES.get(plain)
