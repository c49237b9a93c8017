"""The arithmetic of memory against what others measured and published, for 13 models."""

import pytest

from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.room import Layout, room
from kefu_operator.plan.fit.shape import Format, ModelShape, weights

GIB = 2**30

QWEN = {
    "0.5B": (0.97, 0.64, 0.48, None),
    "1.5B": (2.95, 1.82, 1.18, None),
    "3B": (5.95, 3.38, 2.06, None),
    "7B": (14.38, 8.42, 5.52, 5.39),
    "14B": (28.08, 16.11, 9.94, 9.79),
    "32B": (61.58, 33.56, 18.94, 18.67),
    "72B": (136.20, 72.61, 39.91, 39.44),
}
"""GiB that Qwen2.5-…-Instruct takes on A100s with 2,049 tokens, in BF16, GPTQ-Int8, GPTQ-Int4 and AWQ: "Speed Benchmark",
https://qwen.readthedocs.io/en/v2.5/benchmark/speed_benchmark.html (which calls them GB). AWQ of the three smallest is left out:
there the figure is that of loading, above that of its own Int4 sibling with the same weights."""

LLAMA = {
    "8B": {Format.BFLOAT16: 16, Format.FP8: 8, Format.INT4: 4},
    "70B": {Format.BFLOAT16: 140, Format.FP8: 70, Format.INT4: 35},
    "405B": {Format.BFLOAT16: 810, Format.FP8: 405, Format.INT4: 203},
}
"""GB of weights of Llama 3.1: https://huggingface.co/blog/llama31#inference-memory-requirements"""

LLAMA_CACHE = {("8B", 16_000): 1.95, ("8B", 128_000): 15.62, ("70B", 16_000): 4.88, ("70B", 128_000): 39.06}
"""GiB of KV cache by tokens, from the same page. Its figures for 405B are of the 16 key-value heads of the first files; those
of today have 8."""

LOADED = {
    ("Qwen/Qwen2.5-32B-Instruct", 2): 30.71,  # https://github.com/vllm-project/vllm/issues/15815
    ("Qwen/Qwen3-30B-A3B", 4): 14.25,  # https://github.com/vllm-project/vllm/issues/17469
    ("Qwen/Qwen3-4B", 1): 7.68,  # https://github.com/kyuz0/amd-strix-halo-vllm-toolboxes/pull/5
}
"""GiB a device, by model and tensor parallelism, that vLLM says "Model loading took"."""

BYTES_A_TOKEN = {
    # 7.71 GiB hold 3,947 blocks of 16 tokens: https://github.com/vllm-project/vllm/issues/15815
    ("Qwen/Qwen2.5-32B-Instruct", 2): 7.71 * GIB / (3947 * 16),
    # 8.11 GiB hold 178,880 tokens: https://github.com/vllm-project/vllm/issues/21348
    ("Qwen/Qwen3-235B-A22B-FP8", 4): 8.11 * GIB / 178_880,
}
"""Of KV cache on each device, by model and tensor parallelism, in vLLM's logs."""


def model(name: str) -> ModelShape:
    found = known_model(f"hf://{name}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("size", "held", "published"),
    [
        (size, held, figure)
        for size, figures in QWEN.items()
        for held, figure in zip((Format.BFLOAT16, Format.INT8, Format.INT4, Format.INT4), figures, strict=True)
        if figure
    ],
)
def test_qwen_takes_what_its_makers_measured(size: str, held: Format, published: float) -> None:
    shape = model(f"Qwen/Qwen2.5-{size}-Instruct")
    assert shape.cache_per_token
    taken = (weights(shape, held) + 2049 * shape.cache_per_token) / GIB
    # 0.03 GiB of the runtime's own weigh more, the smaller the model is.
    assert taken == pytest.approx(published, rel=0.05, abs=0.03)


@pytest.mark.parametrize(
    ("size", "held", "published"), [(size, held, gb) for size, table in LLAMA.items() for held, gb in table.items()]
)
def test_llama_weighs_what_its_publisher_says(size: str, held: Format, published: float) -> None:
    shape = model(f"meta-llama/Llama-3.1-{size}-Instruct")
    # The publisher counts the 16 bits of embedding and output as quantised too, and rounds.
    wide = shape.wide * (2 - {Format.BFLOAT16: 2, Format.FP8: 1, Format.INT4: 0.5}[held])
    assert (weights(shape, held) - wide) / 1e9 == pytest.approx(published, rel=0.05)


@pytest.mark.parametrize(("size", "tokens", "published"), [(*key, gib) for key, gib in LLAMA_CACHE.items()])
def test_llamas_cache_is_what_its_publisher_says(size: str, tokens: int, published: float) -> None:
    per_token = model(f"meta-llama/Llama-3.1-{size}").cache_per_token
    assert per_token
    assert per_token * tokens / GIB == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(("name", "devices", "published"), [(*key, gib) for key, gib in LOADED.items()])
def test_a_device_holds_as_much_as_vllm_says(name: str, devices: int, published: float) -> None:
    shape = model(name)
    left = room(shape, Layout(shape.stored, devices, 1), 80 * GIB, 0.9)
    assert left.weights / GIB == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(("name", "devices", "published"), [(*key, size) for key, size in BYTES_A_TOKEN.items()])
def test_a_token_takes_as_much_of_each_device_as_vllm_says(name: str, devices: int, published: float) -> None:
    shape = model(name)
    assert room(shape, Layout(shape.stored, devices, 1), 80 * GIB, 0.9).per_token == pytest.approx(published, rel=0.02)


def test_what_is_left_for_the_cache_is_what_vllm_finds_left() -> None:
    """7.71 GiB on each of two L40S with 46,068 MiB: https://github.com/vllm-project/vllm/issues/15815"""
    left = room(model("Qwen/Qwen2.5-32B-Instruct"), Layout(Format.BFLOAT16, 2, 1), 46_068 * 2**20, 0.9)
    assert left.cache / GIB == pytest.approx(7.71, abs=0.3)
    assert left.tokens == pytest.approx(3947 * 16, rel=0.05)
