"""What is chosen where the spec leaves it out, and what is refused."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kefu_api.kinds.model import ModelSource
from kefu_operator.plan.errors import EngineDoesNotFit
from kefu_operator.plan.fit.choose import LEAST, Fit, candidates, holds, least_context
from kefu_operator.plan.fit.described import shape_of
from kefu_operator.plan.fit.fit import fit
from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.processor import ProcessorFit, fit_processor
from kefu_operator.plan.fit.room import Layout, room
from kefu_operator.plan.fit.shape import Format, ModelShape, weights
from kefu_operator.plan.fit.wish import Wish
from kefu_operator.plan.settings import AcceleratorClass

GIB = 2**30
H100 = AcceleratorClass("nvidia.com/gpu", memory=81_559 * 2**20, fp8=True, per_node=8)
A100 = AcceleratorClass("nvidia.com/gpu", memory=80 * GIB, per_node=8)
L4 = AcceleratorClass("nvidia.com/gpu", memory=23_034 * 2**20, fp8=True)
SLICE = AcceleratorClass("nvidia.com/mig-3g.40gb", memory=40_192 * 2**20, per_node=1)


def known(name: str) -> ModelShape:
    found = known_model(f"hf://{name}")
    assert found is not None
    return found


def chosen(name: str, accelerator: AcceleratorClass, wish: Wish | None = None) -> Fit:
    return fit(known(name), wish or Wish(), "class", accelerator)


@pytest.mark.parametrize(
    ("name", "accelerator", "expected"),
    [
        pytest.param(
            "Qwen/Qwen3-8B", H100, Fit(Layout(Format.BFLOAT16, 1, 1)), id="what fits one device stays as it is"
        ),
        pytest.param(
            "Qwen/Qwen2.5-32B-Instruct", H100, Fit(Layout(Format.FP8, 1, 1)), id="FP8 saves a device where it exists"
        ),
        pytest.param(
            "Qwen/Qwen2.5-32B-Instruct",
            A100,
            Fit(Layout(Format.BFLOAT16, 2, 1)),
            id="where it does not, one more device",
        ),
        pytest.param(
            "Qwen/Qwen2.5-32B-Instruct-AWQ", A100, Fit(Layout(Format.INT4, 1, 1)), id="quantised files stay so"
        ),
        pytest.param(
            "meta-llama/Llama-3.3-70B-Instruct", H100, Fit(Layout(Format.FP8, 2, 1)), id="both, for a good cache"
        ),
        pytest.param("Qwen/Qwen3-8B", L4, Fit(Layout(Format.FP8, 1, 1)), id="a small device is filled with FP8 too"),
        pytest.param(
            "Qwen/Qwen3-14B", SLICE, Fit(Layout(Format.BFLOAT16, 1, 1), 37_888), id="a context is cut to what fits"
        ),
    ],
)
def test_the_fewest_devices_then_the_finest_numbers(name: str, accelerator: AcceleratorClass, expected: Fit) -> None:
    assert chosen(name, accelerator) == expected


@pytest.mark.parametrize(
    ("wish", "layout"),
    [
        pytest.param(Wish(count=4), Layout(Format.BFLOAT16, 4, 1), id="every device that the spec names is used"),
        pytest.param(Wish(count=8), Layout(Format.BFLOAT16, 4, 2), id="28 heads over 8 devices are split 4 × 2"),
        pytest.param(Wish(count=3), Layout(Format.BFLOAT16, 1, 3), id="3 divides no 28 heads"),
        pytest.param(Wish(tensor=2), Layout(Format.BFLOAT16, 2, 1), id="tensor parallelism alone asks for its devices"),
        pytest.param(Wish(pipeline=2), Layout(Format.BFLOAT16, 1, 2), id="and so does pipeline parallelism"),
        pytest.param(Wish(count=4, pipeline=2), Layout(Format.BFLOAT16, 2, 2), id="what is left goes to the other"),
        pytest.param(Wish(held=Format.FP8), Layout(Format.FP8, 1, 1), id="a format that is asked for is taken"),
        pytest.param(Wish(nodes=2, count=4), Layout(Format.BFLOAT16, 4, 2), id="layers are spread over nodes"),
        pytest.param(Wish(nodes=2), Layout(Format.BFLOAT16, 1, 2), id="a device a node is enough"),
        pytest.param(Wish(nodes=2, count=8), Layout(Format.BFLOAT16, 4, 4), id="and over what is left in each of them"),
        pytest.param(Wish(nodes=2, tensor=4), Layout(Format.BFLOAT16, 4, 2), id="a stage a node is the default"),
        pytest.param(Wish(nodes=2, tensor=4, pipeline=1), Layout(Format.BFLOAT16, 4, 1), id="layers split over nodes"),
        pytest.param(Wish(nodes=2, count=4, pipeline=4), Layout(Format.BFLOAT16, 2, 4), id="two stages a node"),
    ],
)
def test_what_the_spec_says_is_kept(wish: Wish, layout: Layout) -> None:
    assert chosen("Qwen/Qwen2.5-7B-Instruct", H100, wish).layout == layout


def test_nothing_is_computed_without_figures() -> None:
    unknown = AcceleratorClass("nvidia.com/gpu", per_node=8)
    assert fit(known("Qwen/Qwen3-32B"), Wish(), "gpu", unknown).layout == Layout(Format.BFLOAT16, 1, 1)
    assert fit(None, Wish(count=2, context=9000), "h100", H100) == Fit(Layout(Format.BFLOAT16, 2, 1), 9000)


def refusal(name: str, accelerator: AcceleratorClass, wish: Wish | None = None) -> str:
    with pytest.raises(EngineDoesNotFit) as caught:
        fit(known(name), wish or Wish(), "class", accelerator)
    return str(caught.value)


def test_a_refusal_holds_the_arithmetic_and_what_would_help() -> None:
    assert refusal("Qwen/Qwen2.5-72B-Instruct", H100, Wish(count=1, held=Format.BFLOAT16, context=32_768)) == (
        "spec.engine: Qwen2.5-72B-Instruct does not fit 1 × class: weights 135.4 GiB in bfloat16 are 135.4 GiB a device, "
        "KV cache for 32768 tokens of 320 KiB 10.0 GiB, activations and runtime 3.0 GiB: together 148.4 GiB of "
        "0.90 × 79.6 GiB = 71.7 GiB; it would fit with accelerator.count: 4 below spec.engine"
    )


@pytest.mark.parametrize(
    ("name", "accelerator", "wish", "says"),
    [
        (
            "Qwen/Qwen3-14B",
            L4,
            Wish(count=1, held=Format.BFLOAT16),
            "vllm.quantization: fp8 or with accelerator.count: 2",
        ),
        (
            "Qwen/Qwen3-8B",
            L4,
            Wish(count=1, held=Format.BFLOAT16, context=40_960),
            "vllm.quantization: fp8 or with vllm.maxModelLen: 21504 or with accelerator.count: 2 below spec.engine",
        ),
        ("Qwen/Qwen3-32B", SLICE, Wish(), "choose a class with more memory, a smaller model"),
        ("meta-llama/Llama-3.1-405B-Instruct", A100, Wish(), "choose a class with more memory"),
        ("Qwen/Qwen3-8B-AWQ", H100, Wish(held=Format.FP8), "the files of Qwen3-8B-AWQ hold INT4: remove the field"),
        ("Qwen/Qwen3-8B", H100, Wish(held=Format.INT4), "the files of Qwen3-8B hold bfloat16"),
        ("Qwen/Qwen3-8B", H100, Wish(held=Format.INT8), "the files of Qwen3-8B hold bfloat16"),
        ("Qwen/Qwen3-8B", SLICE, Wish(count=2), "a pod cannot get 2 × class, whose nodes have 1"),
        ("Qwen/Qwen3-8B", A100, Wish(tensor=16), "a pod cannot get 16 × class, whose nodes have 8"),
        (
            "Qwen/Qwen3-8B",
            A100,
            Wish(tensor=16, spreads=True),
            "ask for at most 8, spread them over vllm.nodes, or choose another class",
        ),
        ("Qwen/Qwen3-8B", A100, Wish(tensor=32, pipeline=1, nodes=2), "a pod cannot get 16 × class"),
        (
            "meta-llama/Llama-3.1-405B-Instruct",
            A100,
            Wish(spreads=True),
            "together 97.7 GiB of 0.90 × 80.0 GiB = 72.0 GiB; it would fit with vllm.nodes: 2 and accelerator.count: 8 below",
        ),
        (
            "meta-llama/Llama-3.1-405B-Instruct",
            A100,
            Wish(spreads=True, nodes=2, count=4),
            "does not fit 8 × class",
        ),
    ],
)
def test_a_refusal_names_what_helps(name: str, accelerator: AcceleratorClass, wish: Wish, says: str) -> None:
    assert says in refusal(name, accelerator, wish)


def test_a_draft_model_takes_room_too() -> None:
    wish = Wish(count=1, held=Format.BFLOAT16)
    alone = fit(known("Qwen/Qwen3-8B"), wish, "class", L4)
    beside = fit(known("Qwen/Qwen3-8B"), replace(wish, beside=2 * GIB - GIB // 2), "class", L4)
    assert alone.context is not None
    assert beside.context is not None
    assert beside.context < alone.context
    assert "1.5 GiB of its draft model" in refusal("Qwen/Qwen3-14B", L4, replace(wish, beside=3 * GIB // 2))


SHAPES = some.builds(
    lambda billions, wide, layers, heads, kv: ModelShape(
        "some", billions * 10**8, wide * 10**7, 2 * layers * kv * 128 * 2, heads * kv, kv, 32_768
    ),
    some.integers(5, 4000),
    some.integers(0, 40),
    some.integers(8, 128),
    some.sampled_from([1, 4, 8]),
    some.sampled_from([1, 2, 4, 8]),
)
CLASSES = some.builds(
    lambda gib, fp8, node: AcceleratorClass("x", memory=gib * GIB, fp8=fp8, per_node=node),
    some.integers(8, 200),
    some.booleans(),
    some.sampled_from([None, 1, 2, 8]),
)
WISHES = some.builds(
    Wish,
    held=some.sampled_from([None, Format.BFLOAT16, Format.FP8]),
    context=some.sampled_from([None, 4096, 32_768]),
    utilization=some.sampled_from([0.5, 0.9]),
    nodes=some.sampled_from([1, 2, 3]),
    spreads=some.booleans(),
)


@given(SHAPES, CLASSES, WISHES)
def test_what_is_chosen_holds_one_context_and_what_is_refused_nowhere_does(
    shape: ModelShape, accelerator: AcceleratorClass, wish: Wish
) -> None:
    assert accelerator.memory
    found = candidates(shape, wish, accelerator, accelerator.memory)
    try:
        made = fit(shape, wish, "class", accelerator)
    except EngineDoesNotFit:
        assert not any(holds(each.room, least_context(shape, wish)) for each in found)
        return
    left = room(shape, made.layout, accelerator.memory, wish.utilization)
    needed = weights(shape, made.layout.held) / made.layout.devices + (made.context or 32_768) * (left.per_token or 0)
    assert needed < accelerator.memory * wish.utilization
    assert shape.heads
    assert shape.heads % made.layout.tensor == 0
    assert made.layout.devices <= (accelerator.per_node or 8) * wish.nodes
    assert made.layout.devices % wish.nodes == 0
    assert made.context is None or made.context >= min(LEAST, wish.context or LEAST)


@given(SHAPES, CLASSES, WISHES)
def test_more_memory_never_makes_it_impossible(shape: ModelShape, accelerator: AcceleratorClass, wish: Wish) -> None:
    assert accelerator.memory
    larger = replace(accelerator, memory=accelerator.memory + GIB)
    try:
        before = fit(shape, wish, "class", accelerator).layout.devices
    except EngineDoesNotFit:
        return
    assert fit(shape, wish, "class", larger).layout.devices >= 1 <= before


@given(SHAPES, CLASSES, WISHES)
def test_what_a_refusal_advises_helps(shape: ModelShape, accelerator: AcceleratorClass, wish: Wish) -> None:
    try:
        fit(shape, wish, "class", accelerator)
    except EngineDoesNotFit as error:
        told = str(error)
    else:
        return
    if "quantization: fp8" in told:
        fit(shape, replace(wish, held=Format.FP8), "class", accelerator)
    if match := re.search(r"maxModelLen: (\d+)", told):
        fit(shape, replace(wish, context=int(match[1])), "class", accelerator)
    if match := re.search(r"vllm.nodes: (\d+) and accelerator.count: (\d+)", told):
        fit(shape, replace(wish, nodes=int(match[1]), count=int(match[2])), "class", accelerator)
    elif match := re.search(r"accelerator.count: (\d+)", told):
        fit(shape, replace(wish, count=int(match[1])), "class", accelerator)


@pytest.mark.parametrize(
    ("uri", "context", "stored"),
    [
        ("hf://Qwen/Qwen3-8B", 40_960, Format.BFLOAT16),
        ("hf://Qwen/Qwen3-8B-FP8", 40_960, Format.FP8),
        ("hf://Qwen/Qwen2.5-Coder-7B-Instruct-GPTQ-Int8", 32_768, Format.INT8),
        ("hf://some/Qwen2.5-7B-Instruct-quantized.w8a8", 32_768, Format.INT8),
        ("hf://some/Llama-3.1-8B-Instruct-quantized.w4a16", 131_072, Format.INT4),
        ("hf://Qwen/Qwen3-30B-A3B-Instruct-2507", 262_144, Format.BFLOAT16),
        ("hf://Qwen/Qwen3-Coder-30B-A3B-Instruct", 262_144, Format.BFLOAT16),
        ("hf://meta-llama/Meta-Llama-3.1-8B-Instruct", 131_072, Format.BFLOAT16),
        ("hf://deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", 131_072, Format.BFLOAT16),
        ("hf://mistralai/Mistral-7B-Instruct-v0.3", 32_768, Format.BFLOAT16),
    ],
)
def test_a_repositorys_name_tells_its_shape(uri: str, context: int, stored: Format) -> None:
    found = known_model(uri)
    assert found is not None
    assert (found.context, found.stored) == (context, stored)


@pytest.mark.parametrize("uri", ["hf://acme/Qwen3-8B-acme", "pvc://weights/Qwen3-8B", "hf://Qwen/Qwen3-8B/file.gguf"])
def test_other_names_tell_nothing(uri: str) -> None:
    assert known_model(uri) is None


def test_a_described_model_is_taken_as_described() -> None:
    source = ModelSource(uri="pvc://weights/ours", parameters="8.2B", cache_per_token="144Ki")
    shape = shape_of(source)
    assert shape == ModelShape("ours", 8_200_000_000, cache_per_token=147_456)
    assert shape_of(source, Format.INT4) == replace(shape, stored=Format.INT4)


def test_a_described_model_without_its_cache_is_held_against_its_weights_alone() -> None:
    shape = shape_of(ModelSource(uri="pvc://weights/ours", parameters="70B"))
    assert fit(shape, Wish(count=2, context=131_072), "class", H100).layout == Layout(Format.FP8, 2, 1)
    with pytest.raises(EngineDoesNotFit, match=r"activations and runtime 3\.0 GiB: together 133\.4 GiB"):
        fit(shape, Wish(count=1, held=Format.BFLOAT16), "class", H100)


def test_the_cpu_build_gets_the_memory_that_its_model_takes() -> None:
    made = fit_processor(known("Qwen/Qwen3-8B"), None, None)
    assert (made.cache_gib, made.memory, made.context) == (1, "21Gi", 7168)
    assert fit_processor(known("Qwen/Qwen3-8B"), 32_768, None).cache_gib == 5
    assert fit_processor(None, 9000, "6Gi") == ProcessorFit(1, "6Gi", 9000)
    assert fit_processor(known("Qwen/Qwen2.5-0.5B"), None, None).memory == "12Gi"
    with pytest.raises(EngineDoesNotFit, match=r"Qwen3-8B takes 16\.3 GiB.*give it 21Gi in place of 8Gi"):
        fit_processor(known("Qwen/Qwen3-8B"), None, "8Gi")
