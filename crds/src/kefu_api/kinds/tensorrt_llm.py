"""TensorRT-LLM's options: those that Kefu computes with or that must agree with the rest of the spec; others pass through `args`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import ATOMIC, Shape
from kefu_api.kinds.types import Image

Option = Annotated[
    str,
    Shape(
        "must be one option with its value, such as --max_num_tokens=8192 or --enable_chunked_prefill",
        (r"^--[a-z][a-z0-9_-]*(=[^\p{Cc}]*)?$",),
        min_length=4,
        max_length=512,
    ),
]

RESERVED: Mapping[str, tuple[str, ...]] = {
    "set tensorrtLlm.backend": ("--backend",),
    "set tensorrtLlm.tensorParallel": ("--tensor_parallel_size", "--tp_size"),
    "set tensorrtLlm.pipelineParallel": ("--pipeline_parallel_size", "--pp_size"),
    "set tensorrtLlm.maxModelLen": ("--max_seq_len",),
    "set tensorrtLlm.maxBatchSize": ("--max_batch_size",),
    "leave the memory to Kefu": ("--free_gpu_memory_fraction", "--kv_cache_free_gpu_memory_fraction"),
    "name the weights in model.uri": ("--tokenizer", "--revision", "--model"),
    "leave address and name to Kefu": ("--host", "--port", "--served_model_name", "--grpc", "--server_role"),
    "write each option here": ("--config", "--extra_llm_api_options"),
}
"""Options that Kefu sets itself, by what to do in their place."""


def _reserved(remedy: str, flags: Iterable[str]) -> Rule:
    """No argument is one of the flags; trtllm-serve takes no abbreviations."""
    named = tuple(flags)
    known = ", ".join(f"'{flag}'" for flag in named)
    return Rule(
        f"self.args.all(arg, !(arg.split('=')[0] in [{known}]))",
        lambda options: not any(argument.partition("=")[0] in named for argument in options.args),
        f"args must not hold {' or '.join(named)}: {remedy}",
    )


class TensorRtLlmEngine(Ruled):
    """TensorRT-LLM's own server, `trtllm-serve`, on NVIDIA GPUs."""

    RULES: ClassVar = tuple(_reserved(remedy, flags) for remedy, flags in RESERVED.items())

    backend: Literal["pytorch", "tensorrt"] = "pytorch"
    """What runs the model: `pytorch` loads the files as they are; `tensorrt` compiles them into an engine first, by a Job, and
    keeps it on a volume. Releases of TensorRT-LLM after 1.2 have only the first."""
    max_model_len: Annotated[int, Field(ge=256, le=1_048_576)] | None = None
    """Longest context in tokens; absent: the model's own, or as much of it as fits."""
    max_batch_size: Annotated[int, Field(ge=1, le=2048)] = 64
    """Most answers that are generated at a time."""
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] | None = None
    """Over how many accelerators each layer is split; absent: what the accelerators and the model suggest."""
    pipeline_parallel: Annotated[int, Field(ge=1, le=64)] | None = None
    """Over how many groups of accelerators the layers are spread; absent: 1, or what the model suggests."""
    quantization: Literal["none", "fp8", "awq"] | None = None
    """What the files hold; absent: what their name says. Nothing is quantised while loading."""
    args: Annotated[tuple[Option, ...], Field(max_length=32, json_schema_extra=ATOMIC)] = ()
    """Further options of trtllm-serve as it documents them, each with its value behind `=`."""
    image: Image | None = None
    """Container image; absent: the operator's default."""
