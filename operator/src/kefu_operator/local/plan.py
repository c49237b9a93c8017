"""One plan for everything the files declare: the operator's plans with a local placement, joined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kefu_api import digest
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.ingestion import Ingestion
from kefu_api.kinds.meta import SecretReference
from kefu_api.manifests import Manifests
from kefu_operator import naming
from kefu_operator.local.bundle import name_of
from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.ingestion import Wanted
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.ports import LOOPBACK
from kefu_operator.plan.chatbot import ADMIN, PUBLIC, ChatbotPlan, plan_chatbot
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.fetching import FetchPlan
from kefu_operator.plan.knowledge.plan import KnowledgePlan, plan_knowledge
from kefu_operator.plan.knowledge.retrieval import retrieval_url
from kefu_operator.plan.knowledge.site import Where
from kefu_operator.plan.knowledge.version import config_maps_of, publishes_itself
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.pushing import push_url
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import share_engines
from kefu_operator.plan.workload import GeneratedSecret, Workload


@dataclass(frozen=True)
class ServedChatbot:
    """How a chatbot is reached."""

    name: str
    url: str
    admin_url: str
    key_file: str
    """File that holds one of its API keys."""
    release: str
    desk_key_file: str | None = None
    """File that holds a key of the people to whom conversations are handed over; None: none is."""


@dataclass(frozen=True)
class ServedIndex:
    """How an index is reached."""

    name: str
    url: str
    store: str | None
    """Workload of its embedded store."""
    retrieval: str
    token_file: str
    """File of the token that its service asks for."""


@dataclass(frozen=True)
class ServedPush:
    """How a source takes documents."""

    index: str
    source: str
    url: str
    key_file: str
    """File of the key that pushes are signed with."""


@dataclass(frozen=True)
class LocalPlan:
    """Everything that is to run on this machine."""

    workloads: tuple[Workload, ...]
    wanted: tuple[Wanted, ...]
    generated_secrets: tuple[GeneratedSecret, ...]
    chatbots: tuple[ServedChatbot, ...]
    indexes: tuple[ServedIndex, ...]
    fetching: tuple[tuple[str, FetchPlan], ...] = ()
    """What brings the remote sources, by index."""
    pushing: tuple[ServedPush, ...] = ()
    """What takes pushed ones."""


def gateways(bundle: Manifests, port: int) -> Mapping[str, int]:
    """The public ports: the user's for the first chatbot; the others get remembered free ones."""
    return {naming.gateway(bundle.chatbots[0].metadata.name): port} if bundle.chatbots else {}


def plan(
    bundle: Manifests,
    placement: LocalPlacement,
    settings: PlanSettings,
    host: str = LOOPBACK,
    fetched: Callable[[str], Mapping[str, str]] = lambda index: {},
) -> LocalPlan:
    """Plan all objects of a bundle.

    Args:
        bundle: the user's objects.
        placement: folders and ports of this instance.
        settings: what the environment decides (hub mirror, tracing).
        host: address that gateways listen on; everything else stays on loopback.
        fetched: digests of an index's remote sources, as far as they were fetched.

    Raises:
        InputInvalid: the objects do not fit together, or cannot run on this machine.
    """
    _check_references(bundle)
    knowledge = [
        (
            index,
            plan_knowledge(
                _by_one(index),
                {**_digests(index, bundle), **fetched(index.metadata.name)},
                placement,
                # Here, a Milvus Lite stands in for a Milvus, whatever the spec says of clusters.
                where=Where("Fallback") if index.spec.store.managed else None,
            ),
        )
        for index in bundle.indexes
    ]
    chatbots = [(chatbot, _chatbot(chatbot, placement, settings)) for chatbot in bundle.chatbots]
    workloads = [
        *(workload for _, planned in knowledge for workload in planned.workloads),
        *(_exposed(workload, host) for _, planned in chatbots for workload in planned.workloads),
    ]
    # Chatbots with equal engines share one workload, with the adapters of all.
    shared = {each.workload.name: each.workload for each in share_engines(bundle.chatbots, placement, settings).engines}
    running = {workload.name: shared.get(workload.name, workload) for workload in workloads}
    return LocalPlan(
        workloads=tuple(process for workload in running.values() for process in _processes(workload)),
        wanted=tuple(wanted for index, planned in knowledge if (wanted := _wanted(index, planned))),
        generated_secrets=(
            *(secret for _, planned in knowledge for secret in planned.generated_secrets),
            *(secret for _, planned in chatbots for secret in planned.generated_secrets),
        ),
        chatbots=tuple(_served(chatbot, planned, placement, bundle) for chatbot, planned in chatbots),
        indexes=tuple(_served_index(index, planned, placement) for index, planned in knowledge),
        pushing=tuple(
            ServedPush(index.metadata.name, source, push_url(index.metadata.name, source, placement), file)
            for index, each in knowledge
            if each.pushing
            for source, file in each.pushing.key_files
        ),
        fetching=tuple((index.metadata.name, each.fetching) for index, each in knowledge if each.fetching),
    )


def _check_references(bundle: Manifests) -> None:
    name_of(bundle)
    for index in bundle.indexes:
        for position, source in enumerate(index.spec.sources):
            if source.config_map and source.config_map.name not in bundle.config_maps:
                raise InputInvalid(
                    f"KnowledgeIndex/{index.metadata.name}: spec.sources[{position}].configMap: there is no ConfigMap "
                    f"{source.config_map.name} in these files; add it, or correct the name"
                )
        questions = index.spec.evaluation.questions.config_map.name if index.spec.evaluation else None
        if questions and questions not in bundle.config_maps:
            raise InputInvalid(
                f"KnowledgeIndex/{index.metadata.name}: spec.evaluation.questions.configMap: there is no ConfigMap "
                f"{questions} in these files; add it, or correct the name"
            )
    known = {index.metadata.name for index in bundle.indexes}
    for chatbot in bundle.chatbots:
        for position, reference in enumerate(chatbot.spec.knowledge):
            if reference.name not in known:
                raise InputInvalid(
                    f"ChatbotDeployment/{chatbot.metadata.name}: spec.knowledge[{position}].name: there is no "
                    f"KnowledgeIndex {reference.name} in these files; add it, or correct the name"
                )


def _by_one(index: KnowledgeIndex) -> KnowledgeIndex:
    """Here one process builds a version, whatever the number: more would share the same cores."""
    spec = index.spec.model_copy(update={"ingestion": Ingestion()})
    return index.model_copy(update={"spec": spec})


def _digests(index: KnowledgeIndex, bundle: Manifests) -> Mapping[str, str]:
    return {source: digest.of_files(bundle.config_maps[name]) for source, name in config_maps_of(index).items()}


def _chatbot(chatbot: ChatbotDeployment, placement: Placement, settings: PlanSettings) -> ChatbotPlan:
    try:
        return plan_chatbot(chatbot, placement, settings)
    except PlanError as error:
        raise InputInvalid(f"ChatbotDeployment/{chatbot.metadata.name}: {error}") from error


def _wanted(index: KnowledgeIndex, planned: KnowledgePlan) -> Wanted | None:
    if planned.version is None or planned.ingestion is None:
        return None
    return Wanted(
        index.metadata.name,
        planned.version,
        planned.ingestion,
        publications=planned.publications,
        judged_by=planned.judged_by,
        automatic=publishes_itself(index),
        pinned=index.spec.publishing.version,
    )


def _processes(workload: Workload) -> list[Workload]:
    """A workload and its companions, each a process of its own."""
    companions = [
        Workload(f"{workload.name}-{each.name}", workload.component, each, grace_seconds=workload.grace_seconds)
        for each in workload.companions
    ]
    return [replace(workload, companions=()), *companions]


def _exposed(workload: Workload, host: str) -> Workload:
    """The gateway with the user's address; stores and engines have no authentication and stay on loopback."""
    if workload.component != "gateway" or host == LOOPBACK:
        return workload
    command = list(workload.container.command)
    command[command.index("--host") + 1] = host
    return replace(workload, container=replace(workload.container, command=tuple(command)))


def _served(
    chatbot: ChatbotDeployment, planned: ChatbotPlan, placement: LocalPlacement, bundle: Manifests
) -> ServedChatbot:
    access, gateway = chatbot.spec.access, planned.gateway.name

    def file(folder: str, own: SecretReference | None) -> str:
        key = min(bundle.secrets.get(own.name, {}), default="key") if own else "key"
        return f"{placement.path(gateway, folder)}/{key}"

    return ServedChatbot(
        name=chatbot.metadata.name,
        url=f"http://{placement.address(planned.gateway.name, PUBLIC)}",
        admin_url=f"http://{placement.address(planned.gateway.name, ADMIN)}",
        key_file=file("keys", access.api_keys_secret),
        release=planned.release.name,
        desk_key_file=file("desk-keys", access.desk_keys_secret) if planned.release.handoff else None,
    )


def _served_index(index: KnowledgeIndex, planned: KnowledgePlan, placement: LocalPlacement) -> ServedIndex:
    return ServedIndex(
        name=index.metadata.name,
        url=retrieval_url(index.metadata.name, placement),
        store=planned.store.workload.name if planned.store.workload else None,
        retrieval=planned.retrieval.name,
        token_file=f"{placement.path(planned.retrieval.name, 'token')}/key",
    )
