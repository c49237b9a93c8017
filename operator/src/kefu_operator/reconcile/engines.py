"""One engine, or one volume of a model: shared by the chatbots of a namespace that want equal ones, gone when none does.

It is reconciled by itself and by nobody else, so that two chatbots' views of who shares never overwrite one another.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.apply import Applier, Refusals
from kefu_operator.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, shared
from kefu_operator.desired.objects import shared_claim, workload_objects
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.gather.engines import EngineFacts, gather_engine, readable
from kefu_operator.informers.engines import engine_index
from kefu_operator.plan.placement import ClusterPlacement, Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import Sharing, share_engines
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.workers import Again

log = logging.getLogger(__name__)

REFUSED_SECONDS = 60
"""How long until what the API server refused is tried again."""


class EnginesReconciler:
    """Brings an engine to what its chatbots want."""

    def __init__(
        self, client: Client, applier: Applier, images: Images, settings: PlanSettings, board: RefusalBoard
    ) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._settings = settings
        self._board = board
        self._index = engine_index(settings)

    async def __call__(self, namespace: str, name: str) -> Again:
        """Reconcile.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        facts = await gather_engine(self._client, namespace, name, self._index)
        settings = replace(self._settings, image_volumes=facts.image_volumes)
        sharing = share_engines(facts.chatbots, ClusterPlacement(namespace), settings)
        refusals: Refusals = ()
        if wanted := self._objects(namespace, name, sharing):
            refusals, _ = await self._applier.sync(wanted, facts.owned)
        else:
            for each in unwanted(facts, ClusterPlacement(namespace), settings):
                log.info("engine object %s %s is wanted by no chatbot any more", each["kind"], each["metadata"]["name"])
                await self._applier.delete(each)
        self._board.post(namespace, name, refusals)
        return Again(REFUSED_SECONDS if refusals else None)

    def _objects(self, namespace: str, name: str, sharing: Sharing) -> list[Object]:
        """What is to stand of the engine or the volume of that name; nothing where no chatbot wants it."""
        for engine in sharing.engines:
            if engine.workload.name == name:
                return workload_objects(engine.workload, _scope(namespace, name, engine.chatbots), self._images)
        for volume in sharing.volumes:
            if volume.mount.claim == name:
                return [shared_claim(volume, _scope(namespace, name, volume.chatbots))]
        return []


def unwanted(facts: EngineFacts, placement: Placement, settings: PlanSettings) -> list[Object]:
    """Objects of an engine that no chatbot wants.

    What a chatbot used before its spec became one that cannot be carried out stays: a mistake tears nothing down.
    """
    owners = {found["metadata"]["uid"]: readable(found) for found in facts.owners}
    undecided = {uid for uid, owner in owners.items() if owner is None}
    known = [owner for owner in owners.values() if owner]
    undecided |= {chatbot.metadata.uid for chatbot in share_engines(known, placement, settings).unplanned}
    return [each for each in facts.owned if not _owners(each) & undecided]


def _scope(namespace: str, name: str, chatbots: Iterable[ChatbotDeployment]) -> Scope:
    return shared(namespace, name, tuple(owner_of(chatbot) for chatbot in chatbots))


def _owners(found: Object) -> set[str]:
    return {reference["uid"] for reference in found["metadata"].get("ownerReferences", ())}
