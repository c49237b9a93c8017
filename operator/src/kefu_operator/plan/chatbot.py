"""From a ChatbotDeployment to its workloads: engine, Redis and gateway, joined by one release document."""

from dataclasses import dataclass

from kefu_api import digest
from kefu_api.documents import release as document
from kefu_api.documents.release import Budget, EngineTarget, KnowledgeTarget, Persona, Release, SessionStore
from kefu_api.kinds.chatbot import ChatbotDeployment, ChatbotDeploymentSpec
from kefu_api.kinds.types import seconds
from kefu_operator import naming
from kefu_operator.plan.demand import demand_of
from kefu_operator.plan.engine import plan_engine
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.knowledge import retrieval_url
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Access, Reach
from kefu_operator.plan.session_store import SessionPlan, plan_session_store
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import (
    Compute,
    Container,
    DocumentMount,
    GeneratedSecret,
    Mount,
    Port,
    Probe,
    Scaling,
    SecretMount,
    Workload,
)

PUBLIC = Port("http", 8080)
ADMIN = Port("admin", 9090)


@dataclass(frozen=True)
class ChatbotPlan:
    """All that one chatbot needs."""

    release: Release
    engine: EnginePlan
    session_store: Workload | None
    """None: somebody else runs it."""
    gateway: Workload
    generated_secrets: tuple[GeneratedSecret, ...]
    """Secrets that Kefu makes once and never writes again."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """In the order in which they should start."""
        engine = (self.engine.workload,) if self.engine.workload else ()
        store = (self.session_store,) if self.session_store else ()
        return (*engine, *store, self.gateway)


def plan_chatbot(chatbot: ChatbotDeployment, placement: Placement, settings: PlanSettings) -> ChatbotPlan:
    """Plan one chatbot.

    Raises:
        PlanError: this installation cannot run what the spec asks for.
    """
    name, spec = chatbot.metadata.name, chatbot.spec
    engine = plan_engine(name, spec, placement, settings)
    session = plan_session_store(chatbot, placement)
    release = _release(chatbot, engine, session.target, placement)
    keys = spec.access.api_keys_secret.name if spec.access.api_keys_secret else naming.api_keys(name)
    salt = naming.user_salt(name)
    generated = (salt,) if spec.access.api_keys_secret else (keys, salt)
    mounts = (*engine.gateway_mounts, *session.gateway_mounts)
    return ChatbotPlan(
        release=release,
        engine=engine,
        session_store=session.workload,
        gateway=_gateway(
            chatbot, release, mounts, keys, salt, _reach(chatbot, engine, session, settings), placement, settings
        ),
        generated_secrets=(*(GeneratedSecret(each) for each in generated), *session.secrets),
    )


def _release(chatbot: ChatbotDeployment, engine: EnginePlan, session: SessionStore, placement: Placement) -> Release:
    name, spec = chatbot.metadata.name, chatbot.spec
    namespace = chatbot.metadata.namespace
    unnamed = Release(
        name="unnamed",
        namespace=namespace,
        chatbot=name,
        engine=_target(engine, spec),
        knowledge=tuple(
            KnowledgeTarget(
                name=index.name,
                url=retrieval_url(index.name, placement),
                token_file=f"{_index_token(name, index.name, placement).path}/key",
            )
            for index in spec.knowledge
        ),
        persona=Persona(
            name=spec.persona.name,
            prompt=spec.persona.prompt,
            greeting=spec.persona.greeting,
            languages=spec.persona.languages,
        ),
        session=session,
        budget=Budget(total_seconds=seconds(spec.budget.total), tokens=spec.budget.tokens),
    )
    content = unnamed.model_dump(mode="json", exclude={"name"})
    if spec.model:
        content["weights"] = spec.model.model_dump(mode="json", exclude_none=True)
    return unnamed.model_copy(update={"name": f"r-{digest.of_value(content)[:10]}"})


def _target(engine: EnginePlan, spec: ChatbotDeploymentSpec) -> EngineTarget:
    """With what the gateway does when the engine is not there."""
    if engine.workload is None:
        return engine.target
    demand = demand_of(spec)
    wakes = bool(demand and demand.idle_seconds)
    return engine.target.model_copy(update={"name": engine.workload.name, "wakes": wakes})


def _reach(chatbot: ChatbotDeployment, engine: EnginePlan, session: SessionPlan, settings: PlanSettings) -> Reach:
    """What the gateway calls."""
    ours = [workload for workload in (engine.workload, session.workload) if workload]
    others = [*engine.target.fallbacks, *(() if engine.workload else (engine.target,))]
    urls = [server.url for server in others] + ([] if session.workload else [session.target.url])
    return Reach(
        uses=(
            *(naming.retrieval(index.name) for index in chatbot.spec.knowledge),
            *(workload.name for workload in ours),
        ),
        urls=(*urls, *((settings.trace_endpoint,) if settings.trace_endpoint else ())),
    )


def _index_token(chatbot: str, index: str, placement: Placement) -> SecretMount:
    """The token of an index, which may be applied after the chatbot."""
    path = placement.path(naming.gateway(chatbot), f"knowledge/{index}")
    return SecretMount(f"knowledge-{index}", path, naming.index_token(index), "key", optional=True)


def _gateway(
    chatbot: ChatbotDeployment,
    release: Release,
    others: tuple[Mount, ...],
    keys: str,
    salt: str,
    reach: Reach,
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
    tokens = [_index_token(chatbot.metadata.name, index.name, placement) for index in chatbot.spec.knowledge]
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
        mounts=(releases, key_mount, salt_mount, *tokens, *others),
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
        metrics=ADMIN,
        reach=reach,
        access={PUBLIC.name: Access.CUSTOMERS, ADMIN.name: Access.SCRAPERS},
    )
