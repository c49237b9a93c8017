"""Model and engine: which weights answer, and which server runs them."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import NO_V1, Rule, Ruled, at_most_one_of
from kefu_api.kinds.types import Cores, HttpUrl, Image, ModelUri, Name, Revision, Sha256, Size

_SNAPSHOT = re.compile(r"^(pvc://.*|hf://[^/]+/[^/]+)$")
_DOTS = re.compile(r"/[.]{1,2}(/|$)")


class ModelSource(Ruled):
    """Where the weights come from."""

    RULES: ClassVar = (
        Rule(
            "!has(self.revision) || self.uri.startsWith('hf://')",
            lambda model: model.revision is None or model.uri.startswith("hf://"),
            "revision belongs to hf:// models: remove model.revision",
        ),
        Rule(
            "!has(self.tokenSecret) || self.uri.startsWith('hf://')",
            lambda model: model.token_secret is None or model.uri.startswith("hf://"),
            "tokenSecret belongs to hf:// models: remove model.tokenSecret",
        ),
        Rule(
            "!has(self.sha256) || !self.uri.matches('^(pvc://.*|hf://[^/]+/[^/]+)$')",
            lambda model: model.sha256 is None or not _SNAPSHOT.search(model.uri),
            "sha256 belongs to a single file that is downloaded: name one in model.uri or remove model.sha256",
        ),
        Rule(
            "!self.uri.matches('/[.]{1,2}(/|$)')",
            lambda model: not _DOTS.search(model.uri),
            "uri must not contain . or .. as a folder: write model.uri without them",
        ),
    )

    uri: ModelUri
    """hf://org/repo or hf://org/repo/file, https://host/file, pvc://claim/path, file:///path (only with `kefu run`)."""
    revision: Revision | None = None
    """Branch, tag or commit of an hf:// model; absent: main."""
    sha256: Sha256 | None = None
    """SHA-256 of a single-file model, in hex; a download that differs is refused."""
    size: Size = "40Gi"
    """Size of the volume that keeps the download."""
    token_secret: SecretKeyReference | None = None
    """Secret key that holds the hub's access token, for gated models."""


class VllmEngine(Part):
    """vLLM, on GPUs or with its CPU build."""

    max_model_len: Annotated[int, Field(ge=256, le=1_048_576)] | None = None
    """Longest context in tokens; absent: the model's own."""
    tensor_parallel: Annotated[int, Field(ge=1, le=64)] = 1
    """Over how many accelerators of one pod the model is split."""
    image: Image | None = None
    """Container image; absent: the operator's default, or its CPU build where no accelerator is asked for."""


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


class EndpointEngine(Ruled):
    """An OpenAI-compatible server that somebody else runs."""

    RULES: ClassVar = (NO_V1,)

    url: HttpUrl
    """Base URL without /v1."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class Accelerator(Part):
    """Which accelerators a pod of the engine gets."""

    class_: Annotated[Name, Field(alias="class")]
    """A class of the operator's accelerator table (chart value `accelerators`)."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """How many a pod."""


class Resources(Part):
    """CPU and memory of the engine's container."""

    cpu: Cores | None = None
    """Requested cores; absent: the engine's default."""
    memory: Size | None = None
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
        Rule(
            "!has(self.vllm) || !has(self.accelerator) || self.vllm.tensorParallel <= self.accelerator.count",
            lambda engine: (
                not engine.vllm or not engine.accelerator or engine.vllm.tensor_parallel <= engine.accelerator.count
            ),
            "vllm.tensorParallel must not exceed accelerator.count: raise engine.accelerator.count",
        ),
    )

    EXACT: ClassVar = frozenset({"replicas"})
    """The scale subresource reads it, and takes nothing but whole numbers."""

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
