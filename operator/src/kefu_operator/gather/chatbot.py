"""What a ChatbotDeployment's reconcile reads."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.gather.owned import gather_owned
from kefu_operator.gather.pods import gather_pods
from kefu_operator.gather.server import has_image_volumes, needs_image_volumes
from kefu_operator.kinds import Kinds
from kefu_operator.plan.engine import engine_name
from kefu_operator.pods import PodView
from kefu_operator.resources import (
    AUTOSCALERS,
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    INDEXES,
    NETWORK_POLICIES,
    SCALED_OBJECTS,
    SERVICES,
    STATEFUL_SETS,
)

KINDS = (DEPLOYMENTS, STATEFUL_SETS, CLAIMS, SERVICES, CONFIG_MAPS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES)


@dataclass(frozen=True)
class ChatbotFacts:
    """One chatbot and all around it."""

    found: Object
    """The object as it is."""
    chatbot: ChatbotDeployment
    owned: tuple[Object, ...]
    pods: tuple[PodView, ...]
    engine: Object | None
    """The engine's Deployment; None for an endpoint, and before it exists."""
    engine_pods: tuple[PodView, ...]
    indexes: Mapping[str, Object | None]
    """Every index that the spec names; None where it does not exist."""
    image_volumes: bool
    """Whether pods can mount images; not asked where the model is none."""
    kinds: Kinds
    """What the cluster has."""
    scaler: Object | None
    """What scales the engine, where the spec wants it scaled."""


async def gather_chatbot(client: Client, namespace: str, name: str, kinds: Kinds) -> ChatbotFacts | Object | None:
    """Everything, or the bare object where its spec cannot be parsed, or None where it is gone or going.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    found = await client.get(CHATBOTS, namespace, name)
    if found is None or "deletionTimestamp" in found["metadata"]:
        return None
    try:
        chatbot = ChatbotDeployment.model_validate(found)
    except ValidationError:
        return found
    label = f"{naming.OWNED_BY}={naming.owned_by(CHATBOTS.kind, name)}"
    engine = engine_name(name, chatbot.spec)
    names = [index.name for index in chatbot.spec.knowledge]
    (owned, pods), (deployment, engine_pods), indexes, scaler = await asyncio.gather(
        asyncio.gather(gather_owned(client, namespace, label, KINDS), gather_pods(client, namespace, label)),
        asyncio.gather(_engine(client, namespace, engine), _engine_pods(client, namespace, engine)),
        asyncio.gather(*(client.get(INDEXES, namespace, index) for index in names)),
        _scaler(client, namespace, engine if chatbot.spec.scaling.engine else None, kinds),
    )
    image_volumes = not needs_image_volumes(chatbot) or await has_image_volumes(client)
    known = dict(zip(names, indexes, strict=True))
    return ChatbotFacts(found, chatbot, owned, pods, deployment, engine_pods, known, image_volumes, kinds, scaler)


async def _engine(client: Client, namespace: str, name: str | None) -> Object | None:
    if not name:
        return None
    found = (await client.list(DEPLOYMENTS, namespace, labels=f"{naming.ENGINE}={name}")).items
    return next((each for each in found if each["metadata"]["name"] == name), None)


async def _scaler(client: Client, namespace: str, engine: str | None, kinds: Kinds) -> Object | None:
    """Where KEDA is, a HorizontalPodAutoscaler is one that is about to go."""
    if engine is None:
        return None
    scaled = await client.get(SCALED_OBJECTS, namespace, engine) if kinds.has(SCALED_OBJECTS) else None
    if scaled:
        return scaled
    # By its label, under which copies are found: that there is none need not be asked.
    found = (await client.list(AUTOSCALERS, namespace, labels=f"{naming.ENGINE}={engine}")).items
    return next((each for each in found if each["metadata"]["name"] == engine), None)


async def _engine_pods(client: Client, namespace: str, name: str | None) -> tuple[PodView, ...]:
    return await gather_pods(client, namespace, f"{naming.ENGINE}={name}") if name else ()
