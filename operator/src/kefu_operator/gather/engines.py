"""What the engines' reconcile reads: all chatbots of a namespace, and all engines in it."""

import asyncio
from dataclasses import dataclass

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.gather.owned import gather_owned
from kefu_operator.gather.server import has_image_volumes, needs_image_volumes
from kefu_operator.resources import CHATBOTS, CLAIMS, DEPLOYMENTS, SERVICES

KINDS = (DEPLOYMENTS, SERVICES, CLAIMS)


@dataclass(frozen=True)
class EngineFacts:
    """The engines of a namespace."""

    chatbots: tuple[ChatbotDeployment, ...]
    unreadable: frozenset[str]
    """Uids of chatbots whose spec cannot be parsed: what they use is left as it is."""
    owned: tuple[Object, ...]
    image_volumes: bool
    """Whether pods can mount images; not asked where no chatbot needs it."""


async def gather_engines(client: Client, namespace: str) -> EngineFacts:
    """Everything.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    # The chatbots are read last: an engine made for a chatbot that came meanwhile must not seem unwanted.
    owned = await gather_owned(client, namespace, naming.ENGINE, KINDS)
    listing = await client.list(CHATBOTS, namespace)
    chatbots, unreadable = [], set()
    for found in listing.items:
        if "deletionTimestamp" in found["metadata"]:
            continue
        try:
            chatbots.append(ChatbotDeployment.model_validate(found))
        except ValidationError:
            unreadable.add(found["metadata"]["uid"])
        await asyncio.sleep(0)
    wanted = any(needs_image_volumes(chatbot) for chatbot in chatbots)
    return EngineFacts(tuple(chatbots), frozenset(unreadable), owned, not wanted or await has_image_volumes(client))
