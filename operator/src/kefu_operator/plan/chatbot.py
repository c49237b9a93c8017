"""From a ChatbotDeployment to its workloads: engine, Redis and gateway, joined by one release document."""

from dataclasses import dataclass

from kefu_api import digest
from kefu_api.documents import release as document
from kefu_api.documents.release import Budget, KnowledgeTarget, Persona, Release, SessionStore
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.types import seconds
from kefu_operator import naming
from kefu_operator.plan.engine import plan_engine
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.knowledge import retrieval_url
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import (
    Compute,
    Container,
    DocumentMount,
    Port,
    Probe,
    Scaling,
    ScratchMount,
    SecretMount,
    Workload,
)

PUBLIC = Port("http", 8080)
ADMIN = Port("admin", 9090)
REDIS = Port("redis", 6379)


@dataclass(frozen=True)
class ChatbotPlan:
    """All that one chatbot needs."""

    release: Release
    engine: EnginePlan
    session_store: Workload
    gateway: Workload
    generated_secrets: tuple[str, ...]
    """Secrets that Kefu makes once, each with one random value under the key `key`, and never writes again."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """In the order in which they should start."""
        engine = (self.engine.workload,) if self.engine.workload else ()
        return (*engine, self.session_store, self.gateway)


def plan_chatbot(chatbot: ChatbotDeployment, placement: Placement, settings: PlanSettings) -> ChatbotPlan:
    """Plan one chatbot.

    Raises:
        PlanError: this installation cannot run what the spec asks for.
    """
    name, spec = chatbot.metadata.name, chatbot.spec
    engine = plan_engine(name, spec, placement, settings)
    release = _release(chatbot, engine, placement)
    keys = spec.access.api_keys_secret.name if spec.access.api_keys_secret else naming.api_keys(name)
    salt = naming.user_salt(name)
    generated = (salt,) if spec.access.api_keys_secret else (keys, salt)
    return ChatbotPlan(
        release=release,
        engine=engine,
        session_store=_session_store(name, placement),
        gateway=_gateway(chatbot, release, engine, keys, salt, placement, settings),
        generated_secrets=generated,
    )


def _release(chatbot: ChatbotDeployment, engine: EnginePlan, placement: Placement) -> Release:
    name, spec = chatbot.metadata.name, chatbot.spec
    namespace = chatbot.metadata.namespace
    unnamed = Release(
        name="unnamed",
        namespace=namespace,
        chatbot=name,
        engine=engine.target,
        knowledge=tuple(
            KnowledgeTarget(name=index.name, url=retrieval_url(index.name, placement)) for index in spec.knowledge
        ),
        persona=Persona(
            name=spec.persona.name,
            prompt=spec.persona.prompt,
            greeting=spec.persona.greeting,
            languages=spec.persona.languages,
        ),
        session=SessionStore(
            url=f"redis://{placement.address(naming.session_store(name), REDIS)}/0",
            ttl_seconds=seconds(spec.session.ttl),
            window=spec.session.window,
        ),
        budget=Budget(total_seconds=seconds(spec.budget.total), tokens=spec.budget.tokens),
    )
    content = unnamed.model_dump(mode="json", exclude={"name"})
    if spec.model:
        content["weights"] = spec.model.model_dump(mode="json", exclude_none=True)
    return unnamed.model_copy(update={"name": f"r-{digest.of_value(content)[:10]}"})


def _session_store(chatbot: str, placement: Placement) -> Workload:
    name = naming.session_store(chatbot)
    data = ScratchMount("data", placement.path(name, "data", writable=True))
    container = Container(
        name="redis",
        image="redis",
        command=(
            "valkey-server",
            "--bind", placement.bind,
            "--port", str(placement.listen(name, REDIS)),
            "--dir", data.path,
            "--save", "",
            "--appendonly", "no",
            "--protected-mode", "no",
            "--maxmemory", "200mb",
            "--maxmemory-policy", "volatile-lru",
        ),
        compute=Compute(cpu="50m", memory="256Mi"),
        mounts=(data,),
        ports=(REDIS,),
        readiness=Probe("redis", None),
        liveness=Probe("redis", None, period_seconds=10, failures=6),
    )  # fmt: skip
    return Workload(name=name, component="session-store", container=container, exclusive=True, grace_seconds=5)


def _gateway(
    chatbot: ChatbotDeployment,
    release: Release,
    engine: EnginePlan,
    keys: str,
    salt: str,
    placement: Placement,
    settings: PlanSettings,
) -> Workload:
    name = naming.gateway(chatbot.metadata.name)
    releases = DocumentMount(
        "release",
        placement.path(name, "release"),
        config_map=naming.release(chatbot.metadata.name),
        files={document.FILE: release.to_json()},
    )
    key_mount = SecretMount("keys", placement.path(name, "keys"), keys)
    salt_mount = SecretMount("salt", placement.path(name, "salt"), salt, "key")
    env = {"KEFU_USER_SALT_FILE": f"{salt_mount.path}/key"}
    if settings.trace_endpoint:
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = settings.trace_endpoint
    container = Container(
        name="gateway",
        image="gateway",
        command=(
            "python", "-m", "kefu_serving",
            "--release", releases.path,
            "--keys", key_mount.path,
            "--host", placement.bind,
            "--port", str(placement.listen(name, PUBLIC)),
            "--admin-port", str(placement.listen(name, ADMIN)),
        ),
        compute=Compute(cpu="100m", memory="512Mi"),
        env=env,
        mounts=(releases, key_mount, salt_mount, *engine.gateway_mounts),
        ports=(PUBLIC, ADMIN),
        readiness=Probe("admin", "/readyz"),
        liveness=Probe("admin", "/healthz", period_seconds=10, failures=6),
    )  # fmt: skip
    scaling = chatbot.spec.scaling.gateway
    return Workload(
        name=name,
        component="gateway",
        container=container,
        scaling=Scaling(scaling.min, scaling.max, scaling.cpu),
        grace_seconds=seconds(chatbot.spec.budget.total) + 10,
        public_ports=(PUBLIC.name,),
    )
