"""Model and engine: which weights answer, and which server runs them."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.base import Model
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.rules import Rule, Ruled, at_most_one_of
from kefu_api.kinds.types import HttpUrl, Name, Quantity, Sha256


class ModelSource(Ruled):
    """Where the weights come from."""

    RULES: ClassVar = (
        Rule(
            "!has(self.revision) || self.uri.startsWith('hf://')",
            lambda model: model.revision is None or model.uri.startswith("hf://"),
            "revision belongs to hf:// models: remove model.revision",
        ),
    )

    uri: Annotated[str, Field(min_length=8, max_length=2048, pattern=r"^(hf|https|pvc|file)://[^\s?#]+$")]
    """hf://org/repo or hf://org/repo/file, https://host/file, pvc://claim/path, file:///path (only with `kefu run`)."""
    revision: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._/-]+$")] | None = None
    """Branch, tag or commit of an hf:// model; absent: main."""
    sha256: Sha256 | None = None
    """SHA-256 of a single-file model, in hex; a download that differs is refused."""
    size: Quantity = "40Gi"
    """Size of the volume that keeps the download."""
    token_secret: SecretKeyReference | None = None
    """Secret key that holds the hub's access token, for gated models."""


class VllmEngine(Model):
    """vLLM, on GPUs or with its CPU build."""

    max_model_len: Annotated[int, Field(ge=256, le=1_048_576)] | None = None
    """Longest context in tokens; absent: the model's own."""
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] = 1
    """Over how many accelerators of one pod the model is split."""
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Container image; absent: the operator's default, or its CPU build where no accelerator is asked for."""


class LlamaCppEngine(Model):
    """llama.cpp's server over a GGUF file: CPUs, laptops, tests."""

    context_length: Annotated[int, Field(ge=512, le=131_072)] = 8192
    """Context in tokens, shared by all parallel answers."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 2
    """How many answers are generated at a time."""


class EndpointEngine(Model):
    """An OpenAI-compatible server that somebody else runs."""

    url: HttpUrl
    """Base URL without /v1."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class Accelerator(Model):
    """Which accelerators a pod of the engine gets."""

    class_: Annotated[Name, Field(alias="class")]
    """A class of the operator's accelerator table (chart value `accelerators`)."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """How many a pod."""


class Resources(Model):
    """CPU and memory of the engine's container."""

    cpu: Quantity | None = None
    """Requested cores; absent: the engine's default."""
    memory: Quantity | None = None
    """Requested memory, also the limit; absent: the engine's default."""


class Engine(Ruled):
    """Which server runs the model. With none of the four: vLLM."""

    RULES: ClassVar = (
        at_most_one_of("vllm", "llamaCpp", "endpoint", remedy="choose one engine"),
        Rule(
            "!has(self.endpoint) || (!has(self.accelerator) && !has(self.resources))",
            lambda engine: engine.endpoint is None or (engine.accelerator is None and engine.resources is None),
            "accelerator and resources do not apply to an endpoint: remove them from engine",
        ),
        Rule(
            "!has(self.llamaCpp) || !has(self.accelerator)",
            lambda engine: engine.llama_cpp is None or engine.accelerator is None,
            "llamaCpp runs on CPUs: remove engine.accelerator or choose engine.vllm",
        ),
    )

    vllm: VllmEngine | None = None
    """vLLM."""
    llama_cpp: LlamaCppEngine | None = None
    """llama.cpp."""
    endpoint: EndpointEngine | None = None
    """A server of your own."""
    accelerator: Accelerator | None = None
    """Accelerators a pod; absent: CPU only."""
    resources: Resources | None = None
    """CPU and memory a pod."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """How many pods; `kubectl scale chatbot` writes it."""
