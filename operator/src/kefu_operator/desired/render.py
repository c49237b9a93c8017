"""A bundle of the user's objects, rendered as all that would be applied for it: for `kefu render` and golden tests."""

from collections.abc import Iterable, Mapping

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Owner, owned, shared
from kefu_operator.desired.network import AS_IT_COMES, Network
from kefu_operator.desired.objects import (
    build_job,
    build_objects,
    chatbot_objects,
    chatbot_secrets,
    knowledge_objects,
    knowledge_secrets,
    shared_claim,
    task_objects,
    workload_objects,
)
from kefu_operator.desired.types import Object
from kefu_operator.kinds import Kinds
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.knowledge.plan import plan_knowledge
from kefu_operator.plan.knowledge.site import where_of
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import scaled, share_engines

PLACEHOLDER = "<random>"
"""Stands where the operator would put a fresh random value."""


def render(
    indexes: Iterable[KnowledgeIndex],
    chatbots: Iterable[ChatbotDeployment],
    digests: Mapping[tuple[str, str], Mapping[str, str]],
    settings: PlanSettings,
    images: Images,
    kinds: Kinds,
    network: Network = AS_IT_COMES,
) -> list[Object]:
    """Every object that the operator would make, in the order in which it would apply them.

    Args:
        indexes: the KnowledgeIndexes of the bundle.
        chatbots: its ChatbotDeployments.
        digests: for each index, by (namespace, name): `digest.of_files` of its sources' ConfigMaps by source name.
        settings: what the installation decides.
        images: what the pods run.
        kinds: what the cluster has of others.
        network: who may come from elsewhere.

    Raises:
        PlanError: the installation cannot run a spec.
    """
    chatbots = tuple(chatbots)
    made: list[Object] = []
    for index in indexes:
        known = digests.get((index.metadata.namespace, index.metadata.name), {})
        made += _index_objects(index, known, images, kinds, network)
    for namespace in sorted({chatbot.metadata.namespace for chatbot in chatbots}):
        neighbours = [chatbot for chatbot in chatbots if chatbot.metadata.namespace == namespace]
        made += _engine_objects(namespace, neighbours, settings, images, kinds, network)
        for chatbot in neighbours:
            made += _chatbot_objects(chatbot, settings, images, network)
    return made


def owner_of(found: KnowledgeIndex | ChatbotDeployment) -> Owner:
    """The user's object as an owner."""
    return Owner(found.kind, found.metadata.name, found.metadata.uid)


def _index_objects(
    index: KnowledgeIndex, digests: Mapping[str, str], images: Images, kinds: Kinds, network: Network
) -> list[Object]:
    namespace = index.metadata.namespace
    scope = owned(namespace, owner_of(index))
    plan = plan_knowledge(index, digests, ClusterPlacement(namespace), where=where_of(index, kinds))
    tasks = [task for task in (plan.fetching.task if plan.fetching else None, plan.ingestion) if task]
    return [
        *knowledge_secrets(plan, scope, lambda: PLACEHOLDER),
        *knowledge_objects(plan, scope, images, network),
        *(made for task in tasks for made in task_objects(task, scope, images)),
    ]


def _engine_objects(
    namespace: str,
    chatbots: list[ChatbotDeployment],
    settings: PlanSettings,
    images: Images,
    kinds: Kinds,
    network: Network,
) -> list[Object]:
    made: list[Object] = []
    sharing = share_engines(chatbots, ClusterPlacement(namespace), settings)
    for volume in sharing.volumes:
        scope = shared(namespace, volume.mount.claim, tuple(owner_of(chatbot) for chatbot in volume.chatbots))
        made.append(shared_claim(volume, scope))
    for each in sharing.builds:
        scope = shared(namespace, each.build.name, tuple(owner_of(chatbot) for chatbot in each.chatbots))
        made += [*build_objects(each.build, scope, network), build_job(each.build, None, scope, images)]
    for engine in sharing.engines:
        scope = shared(namespace, engine.workload.name, tuple(owner_of(chatbot) for chatbot in engine.chatbots))
        made += workload_objects(scaled(engine, kinds, settings), scope, images, network)
    return made


def _chatbot_objects(
    chatbot: ChatbotDeployment, settings: PlanSettings, images: Images, network: Network
) -> list[Object]:
    namespace = chatbot.metadata.namespace
    scope = owned(namespace, owner_of(chatbot))
    plan = plan_chatbot(chatbot, ClusterPlacement(namespace), settings)
    return [*chatbot_secrets(plan, scope, lambda: PLACEHOLDER), *chatbot_objects(plan, scope, images, network)]
