"""What a KnowledgeIndex's reconcile reads."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from kefu_api import digest
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.client.client import Client
from kefu_operator.config_map_files import config_map_files
from kefu_operator.desired.types import Object
from kefu_operator.gather.owned import gather_owned
from kefu_operator.gather.pods import gather_pods
from kefu_operator.gather.unreadable import Unreadable
from kefu_operator.kinds import Kinds
from kefu_operator.plan.knowledge.site import EMBEDDED, Where, where_of
from kefu_operator.plan.knowledge.version import config_maps_of
from kefu_operator.pods import PodView
from kefu_operator.resources import (
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    INDEXES,
    JOBS,
    MILVUSES,
    NETWORK_POLICIES,
    SERVICES,
    Resource,
)

KINDS = (DEPLOYMENTS, SERVICES, CONFIG_MAPS, CLAIMS, NETWORK_POLICIES)


@dataclass(frozen=True)
class KnowledgeFacts:
    """One index and all around it."""

    found: Object
    """The object as it is."""
    index: KnowledgeIndex
    digests: Mapping[str, str]
    """Of each source's ConfigMap that exists, by the source's name; as `config_maps_of` names them."""
    owned: tuple[Object, ...]
    jobs: tuple[Object, ...]
    pods: tuple[PodView, ...]
    where: Where = EMBEDDED
    """Which store it has."""


@dataclass(frozen=True)
class Leaving:
    """An index that is deleted and held by our finalizer."""

    found: Object
    jobs: tuple[Object, ...]
    pods: tuple[PodView, ...]


async def gather_knowledge(
    client: Client, namespace: str, name: str, kinds: Kinds
) -> KnowledgeFacts | Leaving | Unreadable | None:
    """Everything, or what cannot be read of it, or None where it is gone or going.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    found = await client.get(INDEXES, namespace, name)
    label = f"{naming.OWNED_BY}={naming.owned_by(INDEXES.kind, name)}"
    if found is None:
        return None
    if "deletionTimestamp" in found["metadata"]:
        if naming.FINALIZER not in found["metadata"].get("finalizers", ()):
            return None
        jobs = await gather_owned(client, namespace, label, (JOBS,))
        return Leaving(found, jobs, await gather_pods(client, namespace, label))
    try:
        index = KnowledgeIndex.model_validate(found)
    except ValidationError as error:
        return Unreadable(found, error)
    owned, jobs, pods, digests = await asyncio.gather(
        gather_owned(client, namespace, label, (*KINDS, *_others(index, kinds))),
        gather_owned(client, namespace, label, (JOBS,)),
        gather_pods(client, namespace, label),
        _digests(client, index),
    )
    return KnowledgeFacts(found, index, digests, owned, jobs, pods, where_of(index, kinds))


def _others(index: KnowledgeIndex, kinds: Kinds) -> tuple[Resource, ...]:
    """Kinds that only some indexes have, and that the API server may lack."""
    had = index.status is not None and index.status.store == "Managed"
    return (MILVUSES,) if kinds.has(MILVUSES) and (had or index.spec.store.managed) else ()


async def gather_named(client: Client, index: KnowledgeIndex) -> set[str]:
    """Versions of the index from which releases of chatbots answer, or may do so soon.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    name = index.metadata.name
    found = (await client.list(CHATBOTS, index.metadata.namespace)).items
    users = [each for each in found if {"name": name} in _names(each)]
    told = [((each.get("status") or {}).get("releases") or {}).get("knowledge", ()) for each in users]
    versions = {str(each["version"]) for knowledge in told for each in knowledge if each["name"] == name}
    published = index.status.published if index.status else None
    if published and any("rollout" in each["spec"] for each in users):
        # One of them may just be about to name it.
        versions.add(published.version)
    return versions


def _names(chatbot: Object) -> list[Object]:
    status = (chatbot.get("status") or {}).get("releases") or {}
    of_releases = [{"name": each["name"]} for each in status.get("knowledge", ())]
    return [*({"name": each["name"]} for each in chatbot["spec"].get("knowledge", ())), *of_releases]


async def _digests(client: Client, index: KnowledgeIndex) -> dict[str, str]:
    named = config_maps_of(index)
    namespace = index.metadata.namespace
    found = await asyncio.gather(*(client.get(CONFIG_MAPS, namespace, name) for name in named.values()))
    return {
        source: digest.of_files(config_map_files(config_map))
        for source, config_map in zip(named, found, strict=True)
        if config_map is not None
    }
