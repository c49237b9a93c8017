"""vLLM's options: those that Kefu computes with or that must agree with the rest of the spec; others pass through `args`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.model import Snapshot
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled, exactly_one_of
from kefu_api.kinds.shape import ATOMIC, Shape
from kefu_api.kinds.types import Image

Argument = Annotated[
    str,
    Shape(
        "must be one option with its value, such as --max-num-seqs=64 or --enforce-eager",
        (r"^--[a-z][a-z0-9-]*([.][A-Za-z0-9_.-]+)?(=[^\p{Cc}]*)?$",),
        min_length=4,
        max_length=512,
    ),
]

Share = Annotated[
    str,
    Shape('must be a share from 0.50 to 0.99 in quotes, such as "0.92"', (r"^0\.[5-9][0-9]?$",), max_length=4),
]

RESERVED: Mapping[str, tuple[str, ...]] = {
    "set vllm.tensorParallel": ("--tensor-parallel-size",),
    "set vllm.pipelineParallel": ("--pipeline-parallel-size",),
    "set vllm.nodes": ("--nnodes", "--node-rank", "--master-addr", "--master-port", "--headless"),
    "set vllm.maxModelLen": ("--max-model-len",),
    "set vllm.quantization": ("--quantization", "--quantization-config"),
    "set vllm.gpuMemoryUtilization": ("--gpu-memory-utilization",),
    "set vllm.prefixCaching": ("--enable-prefix-caching", "--no-enable-prefix-caching"),
    "set vllm.speculative": ("--speculative-config",),
    "set model.adapters": ("--enable-lora", "--no-enable-lora", "--lora-modules", "--max-loras", "--max-lora-rank"),
    "name the weights in model.uri": ("--model", "--revision", "--download-dir"),
    "leave address and name to Kefu": (
        "--served-model-name", "--host", "--port", "--uds", "--root-path", "--api-key", "--ssl-keyfile", "--ssl-certfile",
    ),
    "write each option here": ("--config",),
}  # fmt: skip
"""Options that Kefu sets itself, by what to do in their place."""


class Ngram(Part):
    """Guesses words that stand in the prompt already, which suits answers that quote their evidence."""

    lookup: Annotated[int, Field(ge=1, le=16)] = 4
    """Longest run of tokens that is looked up in the prompt."""


class Speculative(Ruled):
    """Speculative decoding: several tokens are guessed cheaply and checked in one pass of the model."""

    RULES: ClassVar = (exactly_one_of("ngram", "draft", remedy="choose how tokens are guessed"),)

    tokens: Annotated[int, Field(ge=1, le=16)] = 4
    """How many are guessed at a time."""
    ngram: Ngram | None = None
    """From the prompt."""
    draft: Snapshot | None = None
    """By a small model with the same vocabulary."""


class Lora(Part):
    """What an engine offers to LoRA adapters before the first one comes, so that it need not be replaced then."""

    max_rank: Annotated[int, Field(ge=1, le=512)] = 16
    """Greatest rank, rounded up to what vLLM knows."""
    max_adapters: Annotated[int, Field(ge=1, le=32)] = 4
    """How many one batch can mix."""


def _reserved(remedy: str, flags: Iterable[str]) -> Rule:
    """No argument is one of the flags, or begins as one: vLLM's parser takes abbreviations."""
    named = tuple(flags)
    known = ", ".join(f"'{flag}'" for flag in named)
    return Rule(
        f"self.args.all(arg, ![{known}].exists(flag, flag.startsWith(arg.split('=')[0].split('.')[0])))",
        lambda options: (
            not any(
                flag.startswith(argument.partition("=")[0].partition(".")[0])
                for argument in options.args
                for flag in named
            )
        ),
        f"args must not hold {' or '.join(named)}: {remedy}",
    )


class VllmEngine(Ruled):
    """vLLM, on GPUs or with its CPU build."""

    RULES: ClassVar = (
        *(_reserved(remedy, flags) for remedy, flags in RESERVED.items()),
        Rule(
            "self.nodes == 1 || (has(self.tensorParallel) ? self.tensorParallel : 1) * "
            "(has(self.pipelineParallel) ? self.pipelineParallel : self.nodes) % self.nodes == 0",
            lambda options: (
                (options.tensor_parallel or 1) * (options.pipeline_parallel or options.nodes) % options.nodes == 0
            ),
            "every node takes an equal part of vllm.tensorParallel × vllm.pipelineParallel: make it a multiple of vllm.nodes",
        ),
    )

    max_model_len: Annotated[int, Field(ge=256, le=1_048_576)] | None = None
    """Longest context in tokens; absent: the model's own, or as much of it as fits."""
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] | None = None
    """Over how many accelerators each layer is split; absent: what the accelerators of a pod and the model suggest."""
    pipeline_parallel: Annotated[int, Field(ge=1, le=64)] | None = None
    """Over how many groups of accelerators the layers are spread; absent: one a node, or what the model suggests."""
    nodes: Annotated[int, Field(ge=1, le=16)] = 1
    """Over how many nodes one server lies, with a pod on each of them; `accelerator` and `resources` are those of each pod."""
    quantization: Literal["none", "fp8", "int8", "awq", "gptq"] | None = None
    """fp8 is computed while loading; int8, awq and gptq say what the files hold; none keeps them as they are. Absent: as
    they are, or fp8 where that saves accelerators that have it."""
    gpu_memory_utilization: Share | None = None
    """Share of an accelerator's memory that vLLM may use; absent: "0.90"."""
    prefix_caching: bool = True
    """Whether the beginning that prompts have in common is read once; only odd models cannot."""
    speculative: Speculative | None = None
    """Speculative decoding; absent: none."""
    lora: Lora | None = None
    """What it offers to adapters from its start on; absent: nothing, until `model.adapters` names one."""
    args: Annotated[tuple[Argument, ...], Field(max_length=32, json_schema_extra=ATOMIC)] = ()
    """Further options of vLLM's server as it documents them, each with its value behind `=`."""
    image: Image | None = None
    """Container image; absent: the operator's default, or its CPU build where no accelerator is asked for."""
