"""The engine: which server runs the weights, and on what."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.endpoint import EndpointEngine
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled, at_most_one_of
from kefu_api.kinds.tensorrt_llm import TensorRtLlmEngine
from kefu_api.kinds.types import Cores, Name, Size
from kefu_api.kinds.vllm import VllmEngine


class LlamaCppEngine(Ruled):
    """llama.cpp's server over a GGUF file: CPUs, laptops, tests."""

    RULES: ClassVar = (
        Rule(
            "self.contextLength >= 1024 * self.parallel",
            lambda options: options.context_length >= 1024 * options.parallel,
            "every parallel answer needs 1024 tokens of context: raise llamaCpp.contextLength or lower llamaCpp.parallel",
        ),
    )

    context_length: Annotated[int, Field(ge=1024, le=131_072)] = 8192
    """Context in tokens, split evenly among the parallel answers."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 2
    """How many answers are generated at a time."""


class Accelerator(Part):
    """Which accelerators a pod of the engine gets."""

    class_: Annotated[Name, Field(alias="class")]
    """A class of the operator's accelerator table (chart value `accelerators`)."""
    count: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many a pod; absent: the fewest of 1, 2, 4 and 8 that hold the model, and 1 where the operator cannot tell."""


class Resources(Part):
    """CPU and memory of the engine's container."""

    cpu: Cores | None = None
    """Requested cores; absent: the engine's default."""
    memory: Size | None = None
    """Requested memory, also the limit; absent: the engine's default."""


class Engine(Ruled):
    """Which server runs the model. With none of them: vLLM."""

    RULES: ClassVar = (
        at_most_one_of("vllm", "tensorrtLlm", "llamaCpp", "endpoint", remedy="choose one engine"),
        Rule(
            "!has(self.endpoint) || (!has(self.accelerator) && !has(self.resources) && !self.dedicated)",
            lambda engine: (
                engine.endpoint is None
                or (engine.accelerator is None and engine.resources is None and not engine.dedicated)
            ),
            "accelerator, resources and dedicated do not apply to an endpoint: remove them from engine",
        ),
        Rule(
            "!has(self.llamaCpp) || !has(self.accelerator)",
            lambda engine: engine.llama_cpp is None or engine.accelerator is None,
            "llamaCpp runs on CPUs: remove engine.accelerator or choose engine.vllm",
        ),
        Rule(
            "!has(self.tensorrtLlm) || has(self.accelerator)",
            lambda engine: engine.tensorrt_llm is None or engine.accelerator is not None,
            "tensorrtLlm runs on NVIDIA GPUs alone: set engine.accelerator, or choose another engine",
        ),
        Rule(
            "!has(self.tensorrtLlm) || !has(self.accelerator) || !has(self.accelerator.count) || "
            "(has(self.tensorrtLlm.tensorParallel) ? self.tensorrtLlm.tensorParallel : 1) * "
            "(has(self.tensorrtLlm.pipelineParallel) ? self.tensorrtLlm.pipelineParallel : 1) <= self.accelerator.count",
            lambda engine: (
                not engine.tensorrt_llm
                or not engine.accelerator
                or not engine.accelerator.count
                or (engine.tensorrt_llm.tensor_parallel or 1) * (engine.tensorrt_llm.pipeline_parallel or 1)
                <= engine.accelerator.count
            ),
            "tensorrtLlm.tensorParallel × tensorrtLlm.pipelineParallel must not exceed accelerator.count: raise "
            "engine.accelerator.count",
        ),
        Rule(
            "!has(self.vllm) || !has(self.accelerator) || !has(self.accelerator.count) || "
            "(has(self.vllm.tensorParallel) ? self.vllm.tensorParallel : 1) * "
            "(has(self.vllm.pipelineParallel) ? self.vllm.pipelineParallel : 1) "
            "<= self.accelerator.count * self.vllm.nodes",
            lambda engine: (
                not engine.vllm
                or not engine.accelerator
                or not engine.accelerator.count
                or (engine.vllm.tensor_parallel or 1) * (engine.vllm.pipeline_parallel or 1)
                <= engine.accelerator.count * engine.vllm.nodes
            ),
            "vllm.tensorParallel × vllm.pipelineParallel must not exceed accelerator.count × vllm.nodes: raise "
            "engine.accelerator.count, or engine.vllm.nodes",
        ),
        Rule(
            "!has(self.vllm) || has(self.accelerator) || "
            "((has(self.vllm.pipelineParallel) ? self.vllm.pipelineParallel : 1) == 1 && "
            "(has(self.vllm.tensorParallel) ? self.vllm.tensorParallel : self.vllm.nodes) % self.vllm.nodes == 0)",
            lambda engine: (
                not engine.vllm
                or engine.accelerator
                or (
                    (engine.vllm.pipeline_parallel or 1) == 1
                    and (engine.vllm.tensor_parallel or engine.vllm.nodes) % engine.vllm.nodes == 0
                )
            ),
            "vLLM's CPU build splits layers and spreads none: remove vllm.pipelineParallel and make vllm.tensorParallel a "
            "multiple of vllm.nodes, or set engine.accelerator",
        ),
        Rule(
            "!has(self.vllm) || !has(self.vllm.quantization) || has(self.accelerator) || self.vllm.quantization != 'fp8'",
            lambda engine: not engine.vllm or engine.accelerator or engine.vllm.quantization != "fp8",
            "fp8 is computed on accelerators: set engine.accelerator, or remove vllm.quantization",
        ),
        Rule(
            "!has(self.vllm) || !has(self.vllm.gpuMemoryUtilization) || has(self.accelerator)",
            lambda engine: not engine.vllm or not engine.vllm.gpu_memory_utilization or engine.accelerator,
            "gpuMemoryUtilization speaks of accelerators: set engine.accelerator, or remove vllm.gpuMemoryUtilization",
        ),
    )

    EXACT: ClassVar = frozenset({"replicas"})
    """The scale subresource reads it, and takes nothing but whole numbers."""

    vllm: VllmEngine | None = None
    """vLLM."""
    tensorrt_llm: TensorRtLlmEngine | None = None
    """TensorRT-LLM."""
    llama_cpp: LlamaCppEngine | None = None
    """llama.cpp."""
    endpoint: EndpointEngine | None = None
    """A server of your own."""
    accelerator: Accelerator | None = None
    """Accelerators a pod; absent: CPU only."""
    resources: Resources | None = None
    """CPU and memory a pod."""
    dedicated: bool = False
    """Whether no other chatbot may share this engine; false: chatbots with equal model and settings share one."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """How many pods, or groups of pods with vllm.nodes; `kubectl scale chatbot` writes it. With scaling.engine: how many where
    nothing can scale them."""
