"""ChatbotDeployment: a model, its knowledge and its manners, served to customers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.engine import Engine
from kefu_api.kinds.handoff import Handoff
from kefu_api.kinds.meta import Condition, Metadata, Reference, SecretReference
from kefu_api.kinds.model import ModelSource
from kefu_api.kinds.part import Part
from kefu_api.kinds.rollout import Releases, Rollout
from kefu_api.kinds.rules import Rule, Ruled, unique, unique_names
from kefu_api.kinds.scaling import Scaling
from kefu_api.kinds.session import Session
from kefu_api.kinds.shape import ATOMIC, BY_NAME, BY_TYPE, SET
from kefu_api.kinds.types import Duration, Language, Text


class Persona(Ruled):
    """Who the bot is."""

    RULES: ClassVar = (unique("languages", remedy="remove the double from persona.languages"),)

    name: Annotated[str, Field(min_length=1, max_length=64)] = "Kefu"
    """How it calls itself."""
    prompt: Annotated[str, Field(max_length=4000)] = ""
    """Tone and manners, in your own words. Facts belong into the knowledge."""
    greeting: Annotated[str, Field(max_length=500)] = "您好，请问有什么可以帮您？ Hello, how can I help?"
    """What the chat page says first."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=2, json_schema_extra=SET)] = ("zh", "en")
    """Languages it answers in; the first is used when the customer's is unclear."""


class Access(Ruled):
    """Who may ask, and who may answer in the bot's place."""

    RULES: ClassVar = (
        Rule(
            "!has(self.apiKeysSecret) || !has(self.deskKeysSecret) || self.apiKeysSecret.name != self.deskKeysSecret.name",
            lambda access: (
                access.api_keys_secret is None
                or access.desk_keys_secret is None
                or access.api_keys_secret.name != access.desk_keys_secret.name
            ),
            "customers must not answer in the bot's place: let apiKeysSecret and deskKeysSecret name two Secrets",
        ),
    )

    api_keys_secret: SecretReference | None = None
    """Secret whose values are API keys, each named by its key; absent: Kefu makes one, `<name>-api-key`."""
    desk_keys_secret: SecretReference | None = None
    """Secret whose values are the keys of the people to whom conversations are handed over, each named by its key; absent: Kefu
    makes one, `<name>-desk-key`, where there is spec.handoff."""


class Budget(Part):
    """What one answer may cost."""

    total: Duration = "60s"
    """Longest time for an answer."""
    tokens: Annotated[int, Field(ge=16, le=8192)] = 512
    """Longest answer, in tokens."""


def _reads_buckets(spec: "ChatbotDeploymentSpec") -> bool:
    """Whether any weights lie in a bucket."""
    speculative = spec.engine.vllm.speculative if spec.engine.vllm else None
    draft = speculative.draft if speculative else None
    model = spec.model
    uris = [source.uri for source in (model, *(model.adapters if model else ()), draft) if source]
    return any(uri.startswith("s3://") for uri in uris)


class ChatbotDeploymentSpec(Ruled):
    """Desired state of a ChatbotDeployment."""

    RULES: ClassVar = (
        Rule(
            "has(self.model) != has(self.engine.endpoint)",
            lambda spec: (spec.model is None) != (spec.engine.endpoint is None),
            "exactly one of model, engine.endpoint must be set: name the weights to run, or a server that runs already",
        ),
        Rule(
            "!has(self.engine.llamaCpp) || !has(self.model) || "
            "(has(self.model.path) ? self.model.path : self.model.uri).endsWith('.gguf')",
            lambda spec: (
                spec.engine.llama_cpp is None
                or spec.model is None
                or (spec.model.path or spec.model.uri).endswith(".gguf")
            ),
            "llamaCpp serves GGUF files: let model.uri end in .gguf, or model.path of an oci:// image",
        ),
        Rule(
            "!has(self.engine.llamaCpp) || !has(self.model) || "
            "(size(self.model.adapters) == 0 && !has(self.model.parameters))",
            lambda spec: (
                spec.engine.llama_cpp is None
                or spec.model is None
                or (not spec.model.adapters and spec.model.parameters is None)
            ),
            "adapters and parameters are read by vLLM alone: remove them from model, or choose engine.vllm",
        ),
        Rule(
            "!has(self.model) || has(self.model.s3) == (self.model.uri.startsWith('s3://') || "
            "self.model.adapters.exists(adapter, adapter.uri.startsWith('s3://')) || (has(self.engine.vllm) && "
            "has(self.engine.vllm.speculative) && has(self.engine.vllm.speculative.draft) && "
            "self.engine.vllm.speculative.draft.uri.startsWith('s3://')))",
            lambda spec: spec.model is None or (spec.model.s3 is not None) == _reads_buckets(spec),
            "model.s3 is the server of s3:// weights: set it where a uri begins with s3://, and remove it otherwise",
        ),
        Rule(
            "!has(self.engine.tensorrtLlm) || !has(self.model) || "
            "(size(self.model.adapters) == 0 && !self.model.uri.endsWith('.gguf'))",
            lambda spec: (
                spec.engine.tensorrt_llm is None
                or spec.model is None
                or (not spec.model.adapters and not spec.model.uri.endswith(".gguf"))
            ),
            "tensorrtLlm reads Hugging Face folders and no adapters: remove model.adapters, name a whole repository, or "
            "choose engine.vllm",
        ),
        unique_names("knowledge", remedy="remove the double from spec.knowledge"),
        Rule(
            "!has(self.scaling.engine) || !has(self.engine.endpoint)",
            lambda spec: spec.scaling.engine is None or spec.engine.endpoint is None,
            "an endpoint is scaled by whoever runs it: remove scaling.engine, or choose another engine",
        ),
        Rule(
            "!has(self.scaling.engine) || !has(self.engine.tensorrtLlm)",
            lambda spec: spec.scaling.engine is None or spec.engine.tensorrt_llm is None,
            "tensorrtLlm tells no figures that it could be scaled by: remove scaling.engine and set engine.replicas",
        ),
        Rule(
            "!has(self.scaling.engine) || !has(self.engine.llamaCpp) || "
            "!self.scaling.engine.signals.exists(s, has(s.kvCacheUse))",
            lambda spec: (
                spec.scaling.engine is None
                or spec.engine.llama_cpp is None
                or all(signal.kv_cache_use is None for signal in spec.scaling.engine.signals)
            ),
            "llamaCpp does not tell how full its cache is: remove kvCacheUse from scaling.engine.signals",
        ),
    )

    model: ModelSource | None = None
    """The weights that answer."""
    engine: Engine = Engine()
    """The server that runs them; absent: vLLM."""
    knowledge: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=8, json_schema_extra=BY_NAME)]
    """KnowledgeIndexes of the same namespace that answers are drawn from."""
    persona: Persona = Persona()
    """Who the bot is."""
    session: Session = Session()
    """What it remembers of a conversation."""
    handoff: Handoff | None = None
    """When a conversation is handed to a person; absent: never."""
    access: Access = Access()
    """Who may ask, and who may answer in the bot's place."""
    budget: Budget = Budget()
    """What one answer may cost."""
    scaling: Scaling = Scaling()
    """How many pods run."""
    rollout: Rollout | None = None
    """How a new release comes to the customers; absent: as soon as its engine answers."""
    revision_history_limit: Annotated[int, Field(ge=2, le=50)] = 10
    """How many releases are kept, for going back to."""


class EngineStatus(Part):
    """Observed state of the engine."""

    name: Text = ""
    """Name of the engine's objects; empty for an endpoint."""
    replicas: Annotated[int, Field(ge=0)] = 0
    """Pods that exist."""
    ready: Annotated[int, Field(ge=0)] = 0
    """Pods that answer."""
    volumes: Annotated[tuple[Text, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """Volumes with models that it shares with other engines."""
    selector: Text = ""
    """Label selector of the pods, for autoscalers."""
    summary: Text = ""
    """Ready of wanted, as `kubectl get` shows it."""


class ChatbotDeploymentStatus(Part):
    """Observed state of a ChatbotDeployment."""

    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that this status speaks of."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=BY_TYPE)] = ()
    """Ready, EngineReady, KnowledgeReady, GatewayReady, Released, GatewayScalingActive, Progressing, Stalled and, with scaling.engine,
    ScalingActive."""
    release: Text | None = None
    """Name of the document of the stable release, as the gateway's answers and metrics have it."""
    releases: Releases | None = None
    """Which release serves whom."""
    engine: EngineStatus | None = None
    """The engine."""
    knowledge: Text | None = None
    """Published versions of the indexes."""
    url: Text | None = None
    """Where the gateway answers inside the cluster."""


class ChatbotDeployment(Part):
    """A model, its knowledge and its manners, served to customers."""

    api_version: Literal["kefu.dev/v1alpha1"]
    kind: Literal["ChatbotDeployment"]
    metadata: Metadata
    spec: ChatbotDeploymentSpec
    """Desired state."""
    status: ChatbotDeploymentStatus | None = None
    """Observed state, written by the operator."""
