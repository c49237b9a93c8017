"""The engines of one namespace: shared by the chatbots that want equal ones, gone when none does.

They are reconciled together and by nobody else, so that two chatbots' views of who shares never overwrite one another.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from kefu_operator import naming
from kefu_operator.apply import Applier, Refusals
from kefu_operator.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import shared
from kefu_operator.desired.objects import shared_claim, workload_objects
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.gather.engines import EngineFacts, gather_engines
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import SharedEngine, SharedVolume, Sharing, share_engines
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.workers import Again

log = logging.getLogger(__name__)

TOGETHER = 8
"""Engines that are written at a time."""
REFUSED_SECONDS = 60
"""How long until what the API server refused is tried again."""


class EnginesReconciler:
    """Brings the engines of a namespace to what its chatbots want."""

    def __init__(
        self, client: Client, applier: Applier, images: Images, settings: PlanSettings, board: RefusalBoard
    ) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._settings = settings
        self._board = board

    async def __call__(self, namespace: str, name: str = "") -> Again:
        """Reconcile; the name does not matter.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        facts = await gather_engines(self._client, namespace)
        settings = replace(self._settings, image_volumes=facts.image_volumes)
        sharing = share_engines(facts.chatbots, ClusterPlacement(namespace), settings)
        volumes = {volume.mount.claim: await self._keep(namespace, volume, facts) for volume in sharing.volumes}
        room = asyncio.Semaphore(TOGETHER)
        # All of them end before one's failure is told, so that no write is left behind when this key comes again.
        ended = await asyncio.gather(
            *(self._sync(namespace, engine, facts, volumes, room) for engine in sharing.engines), return_exceptions=True
        )
        for error in ended:
            if isinstance(error, BaseException):
                raise error
        for each in unwanted(facts, sharing):
            log.info("engine object %s %s is wanted by no chatbot any more", each["kind"], each["metadata"]["name"])
            await self._applier.delete(each)
        return Again(REFUSED_SECONDS if any(ended) else None)

    async def _sync(
        self,
        namespace: str,
        engine: SharedEngine,
        facts: EngineFacts,
        volumes: Mapping[str, Refusals],
        room: asyncio.Semaphore,
    ) -> Refusals:
        name = engine.workload.name
        own = [each for each in facts.owned if _engine_of(each) == name]
        scope = shared(namespace, name, tuple(owner_of(chatbot) for chatbot in engine.chatbots))
        async with room:
            refusals = await self._applier.sync(workload_objects(engine.workload, scope, self._images), own)
        # A volume that is refused keeps every engine from starting that mounts it.
        refusals = (*refusals, *(each for claim in engine.claims for each in volumes.get(claim, ())))
        self._board.post(namespace, name, refusals)
        return refusals

    async def _keep(self, namespace: str, volume: SharedVolume, facts: EngineFacts) -> Refusals:
        """Make the volume of a model, before those that mount it."""
        scope = shared(namespace, volume.mount.claim, tuple(owner_of(chatbot) for chatbot in volume.chatbots))
        own = [each for each in facts.owned if _engine_of(each) == volume.mount.claim]
        return await self._applier.sync([shared_claim(volume, scope)], own)


def unwanted(facts: EngineFacts, sharing: Sharing) -> list[Object]:
    """Objects of engines that no chatbot wants.

    What a chatbot used before its spec became one that cannot be carried out stays: a mistake tears nothing down.
    """
    wanted = {engine.workload.name for engine in sharing.engines} | {each.mount.claim for each in sharing.volumes}
    undecided = facts.unreadable | {chatbot.metadata.uid for chatbot in sharing.unplanned}
    return [each for each in facts.owned if _engine_of(each) not in wanted and not _owners(each) & undecided]


def _engine_of(found: Object) -> str:
    return str(found["metadata"]["labels"][naming.ENGINE])


def _owners(found: Object) -> set[str]:
    return {reference["uid"] for reference in found["metadata"].get("ownerReferences", ())}
