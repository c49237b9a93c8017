"""From a ChatbotDeployment to its workloads: engine, Redis and gateway, joined by one release document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kefu_api import digest
from kefu_api.documents import variants as document
from kefu_api.documents.release import Budget, EngineTarget, KnowledgeTarget, Persona, Release, SessionStore
from kefu_api.documents.variants import Role, Variant, Variants
from kefu_api.kinds.chatbot import ChatbotDeployment, ChatbotDeploymentSpec
from kefu_api.kinds.types import seconds
from kefu_operator import naming
from kefu_operator.plan.content import content_of
from kefu_operator.plan.demand import demand_of
from kefu_operator.plan.engine import plan_engine
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.handoff import DeskPlan, HandoffPlan, plan_desk, plan_handoff
from kefu_operator.plan.knowledge.retrieval import retrieval_url
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
NEWEST: Mapping[str, str] = MappingProxyType({})
"""Of each index the version that is published."""


@dataclass(frozen=True)
class ReleasePlan:
    """One release: what the gateway reads of it, and the engine that it needs."""

    document: Release
    engine: EnginePlan
    handoff: HandoffPlan

    @property
    def called(self) -> tuple[str, ...]:
        """Workloads of Kefu's that answer it: the retrieval services of its indexes, and its engine, unless somebody else runs that."""
        retrieval = (naming.retrieval(target.name) for target in self.document.knowledge)
        return (*retrieval, *((self.engine.workload.name,) if self.engine.workload else ()))


@dataclass(frozen=True)
class Served:
    """A release that is served, and to whom."""

    plan: ReleasePlan
    role: Role
    weight: int


@dataclass(frozen=True)
class ChatbotPlan:
    """All that one chatbot needs."""

    release: Release
    """The stable one."""
    engine: EnginePlan
    """The stable release's."""
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


def plan_release(
    chatbot: ChatbotDeployment,
    placement: Placement,
    settings: PlanSettings,
    versions: Mapping[str, str] = NEWEST,
) -> ReleasePlan:
    """Plan the release that the chatbot's spec describes.

    Args:
        chatbot: with the release's spec.
        placement: where things lie.
        settings: what the installation decides.
        versions: of the knowledge that it answers from, by index; of others, from what is published.

    Raises:
        PlanError: this installation cannot run what the spec asks for.
    """
    engine = plan_engine(chatbot.metadata.name, chatbot.spec, placement, settings)
    session = plan_session_store(chatbot, placement).target
    handoff = plan_handoff(chatbot, placement)
    return ReleasePlan(_release(chatbot, engine, session, handoff, placement, versions), engine, handoff)


def plan_chatbot(
    chatbot: ChatbotDeployment,
    placement: Placement,
    settings: PlanSettings,
    served: Sequence[Served] = (),
    salt: str = "",
) -> ChatbotPlan:
    """Plan one chatbot.

    Args:
        chatbot: its present spec decides all but the releases.
        placement: where things lie.
        settings: what the installation decides.
        served: the releases, one of them stable; none: the spec's own, to everybody.
        salt: which customers are the first few percent.

    Raises:
        PlanError: this installation cannot run what the spec asks for.
    """
    served = served or (Served(plan_release(chatbot, placement, settings), Role.STABLE, 100),)
    stable = next(each.plan for each in served if each.role is Role.STABLE)
    name, spec = chatbot.metadata.name, chatbot.spec
    session = plan_session_store(chatbot, placement)
    keys = spec.access.api_keys_secret.name if spec.access.api_keys_secret else naming.api_keys(name)
    user_salt = naming.user_salt(name)
    generated = (user_salt,) if spec.access.api_keys_secret else (keys, user_salt)
    desk = plan_desk(chatbot, (each.plan.document for each in served), placement)
    engines = dict.fromkeys(mount for each in served for mount in each.plan.engine.gateway_mounts)
    webhooks = dict.fromkeys(mount for each in served for mount in each.plan.handoff.gateway_mounts)
    mounts = (*engines, *session.gateway_mounts, *webhooks, *((desk.mount,) if desk.mount else ()))
    variants = Variants(
        salt=salt,
        variants=tuple(Variant(release=each.plan.document, role=each.role, weight=each.weight) for each in served),
    )
    return ChatbotPlan(
        release=stable.document,
        engine=stable.engine,
        session_store=session.workload,
        gateway=_gateway(
            chatbot, variants, mounts, keys, desk, user_salt, _reach(served, session, settings), placement, settings
        ),
        generated_secrets=(*(GeneratedSecret(each) for each in generated), *session.secrets, *desk.secrets),
    )


def _release(
    chatbot: ChatbotDeployment,
    engine: EnginePlan,
    session: SessionStore,
    handoff: HandoffPlan,
    placement: Placement,
    versions: Mapping[str, str],
) -> Release:
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
                version=versions.get(index.name),
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
        handoff=handoff.target,
    )
    # With the spec's own words: two releases are never one for the gateway, even where it reads the same of both.
    # What the API gained later is left out where it is not used, so that releases keep their names.
    later = {} if unnamed.handoff else {"handoff": True}
    read = unnamed.model_dump(mode="json", exclude={"name": True, "knowledge": {"__all__": {"version"}}, **later})
    content = {**read, "spec": content_of(spec), **({"versions": dict(versions)} if versions else {})}
    return unnamed.model_copy(update={"name": f"r-{digest.of_value(content)[:10]}"})


def _target(engine: EnginePlan, spec: ChatbotDeploymentSpec) -> EngineTarget:
    """With what the gateway does when the engine is not there."""
    if engine.workload is None:
        return engine.target
    demand = demand_of(spec)
    wakes = bool(demand and demand.idle_seconds)
    return engine.target.model_copy(update={"name": engine.workload.name, "wakes": wakes})


def _reach(served: Sequence[Served], session: SessionPlan, settings: PlanSettings) -> Reach:
    """What the gateway calls, for any of the releases that it serves."""
    plans = [each.plan for each in served]
    called = [name for plan in plans for name in plan.called] + ([session.workload.name] if session.workload else [])
    others = [
        server
        for engine in (plan.engine for plan in plans)
        for server in (*engine.target.fallbacks, *(() if engine.workload else (engine.target,)))
    ]
    urls = [server.url for server in others] + ([] if session.workload else [session.target.url])
    urls += [plan.handoff.target.webhook.url for plan in plans if plan.handoff.target and plan.handoff.target.webhook]
    return Reach(
        uses=tuple(dict.fromkeys(called)),
        urls=tuple(dict.fromkeys((*urls, *((settings.trace_endpoint,) if settings.trace_endpoint else ())))),
    )


def _index_token(chatbot: str, index: str, placement: Placement) -> SecretMount:
    """The token of an index, which may be applied after the chatbot."""
    path = placement.path(naming.gateway(chatbot), f"knowledge/{index}")
    return SecretMount(f"knowledge-{index}", path, naming.index_token(index), "key", optional=True)


def _gateway(
    chatbot: ChatbotDeployment,
    variants: Variants,
    others: tuple[Mount, ...],
    keys: str,
    desk: DeskPlan,
    user_salt: str,
    reach: Reach,
    placement: Placement,
    settings: PlanSettings,
) -> Workload:
    name = naming.gateway(chatbot.metadata.name)
    releases = DocumentMount(
        "release",
        placement.path(name, "release"),
        config_map=naming.release(chatbot.metadata.name),
        files={document.FILE: variants.to_json()},
    )
    key_mount = SecretMount("keys", placement.path(name, "keys"), keys)
    salt_mount = SecretMount("salt", placement.path(name, "salt"), user_salt, "key")
    indexes = dict.fromkeys(target.name for each in variants.variants for target in each.release.knowledge)
    tokens = [_index_token(chatbot.metadata.name, index, placement) for index in indexes]
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
            *(("--desk-keys", desk.mount.path) if desk.mount else ()),
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
