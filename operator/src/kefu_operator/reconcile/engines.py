"""One engine, or one volume of a model: shared by the chatbots of a namespace that want equal ones, gone when none does.

It is reconciled by itself and by nobody else, so that two chatbots' views of who shares never overwrite one another.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from math import ceil

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.apply import Applier, Refusals
from kefu_operator.building import filled
from kefu_operator.client.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, shared
from kefu_operator.desired.network import AS_IT_COMES, Network
from kefu_operator.desired.objects import (
    build_job,
    build_objects,
    engine_scalers,
    runners,
    shared_claim,
    workload_objects,
)
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.discovery import Discovery, doubting
from kefu_operator.errors import REFUSED, Unadmitted
from kefu_operator.gather.engines import (
    EngineFacts,
    gather_build,
    gather_engine,
    gather_engine_pods,
    gather_rival,
    readable,
)
from kefu_operator.gather.offers import offered_by
from kefu_operator.gather.owned import find
from kefu_operator.informers.engines import engine_index, serving
from kefu_operator.kept_images import with_kept_images
from kefu_operator.kinds import Kinds
from kefu_operator.plan.engine import NO_OFFERS
from kefu_operator.plan.engines.needs import Need, all_needs, without
from kefu_operator.plan.placement import ClusterPlacement, Placement
from kefu_operator.plan.scaler import Autoscaling, How
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import SharedBuild, SharedEngine, Sharing, scaled, share_engines
from kefu_operator.plan.workload import Replaced, Workload
from kefu_operator.reconcile.farewell import Farewell
from kefu_operator.reconcile.needs import LOOK_SECONDS, missing_of
from kefu_operator.reconcile.refusals import REFUSED_SECONDS, RefusalBoard, seconds_until_retry
from kefu_operator.reconcile.tell import Now, utc_now
from kefu_operator.resources import CLAIMS, DEPLOYMENTS, JOBS, LEADER_WORKER_SETS, resource_of, runner_of
from kefu_operator.rollout.engines import versions
from kefu_operator.rollout.revisions import revisions_of
from kefu_operator.room import is_replacing, patience
from kefu_operator.scaling.handover import RUNNERS, Handover, handover, without_kedas
from kefu_operator.scaling.rivals import may_have_rival
from kefu_operator.workers import Again

log = logging.getLogger(__name__)

HANDOVER_SECONDS = 1
"""How long until it is looked whether an old scaler has gone."""


class EnginesReconciler:
    """Brings an engine to what its chatbots want."""

    def __init__(
        self,
        client: Client,
        applier: Applier,
        images: Images,
        settings: PlanSettings,
        board: RefusalBoard,
        discovery: Discovery,
        network: Network = AS_IT_COMES,
        now: Now = utc_now,
    ) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._settings = settings
        self._board = board
        self._index = engine_index(settings)
        self._discovery = discovery
        self._now = now
        self._network = network
        self._farewell = Farewell()

    async def __call__(self, namespace: str, name: str) -> Again:
        """Reconcile.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        async with doubting(self._discovery):
            return await self._reconcile(namespace, name)

    async def _reconcile(self, namespace: str, name: str) -> Again:
        facts = await gather_engine(self._client, namespace, name, self._index, await self._discovery.kinds())
        settings = replace(self._settings, image_volumes=facts.image_volumes)
        wanted = [
            version
            for chatbot in facts.chatbots
            for version in versions(chatbot, revisions_of(facts.revisions, chatbot.metadata.uid))
        ]
        offer = offered_by(facts.owned)
        offers = {name: offer} if offer else NO_OFFERS
        sharing = share_engines(wanted, ClusterPlacement(namespace), settings, offers)
        engine = _named(sharing, name)
        lacks: dict[str, Need] = {}
        needs = all_needs(engine.chatbots) if engine else ()
        if needs and (missing := await missing_of(self._client, self._applier, namespace, needs, facts.owned)):
            wanted, lacks = without(wanted, missing)
            engine = _named(share_engines(wanted, ClusterPlacement(namespace), settings, offers), name)
        build = next((each for each in sharing.builds if each.build.name == name), None)
        volume = next((each for each in sharing.volumes if each.mount.claim == name), None)
        refusals: Refusals = ()
        again: int | None = None
        if engine or volume or build:
            self._farewell.forget(namespace, name)
        if engine:
            refusals, again = await self._sync(namespace, engine, facts)
        elif volume:
            claim = shared_claim(volume, _scope(namespace, name, volume.chatbots))
            refusals = (await self._applier.sync([claim], facts.owned)).refusals
        elif build:
            refusals, again = await self._build(namespace, build, facts)
        else:
            again = await self._dismiss(namespace, name, facts, settings)
        self._board.post(namespace, name, refusals)
        self._board.lack(namespace, name, lacks)
        again = seconds_until_retry(refusals) if again is None else again
        return Again(min(again or LOOK_SECONDS, LOOK_SECONDS) if lacks else again)

    async def _dismiss(self, namespace: str, name: str, facts: EngineFacts, settings: PlanSettings) -> int | None:
        """Delete what nobody wants, once no gateway asks it any more; when to look again."""
        doomed, again = unwanted(facts, ClusterPlacement(namespace), settings)
        if doomed and facts.owners and (left := self._farewell.left(namespace, name, self._now())):
            return ceil(left)
        for each in doomed:
            log.info("engine object %s %s is wanted by no chatbot any more", each["kind"], each["metadata"]["name"])
            await self._applier.delete(each)
        self._farewell.forget(namespace, name)
        return again

    async def _sync(self, namespace: str, engine: SharedEngine, facts: EngineFacts) -> tuple[Refusals, int | None]:
        """What was refused, and when to look again because something old is still in the way of the new."""
        build = engine.workload.build
        if build and not (await gather_build(self._client, namespace, build.name)).done:
            # What runs of it goes on running; the Job's end wakes the engine.
            return (), None
        scope = _scope(namespace, engine.workload.name, engine.chatbots)
        workload, runner, held = await self._admitted(namespace, engine, facts, scope)
        scaler = handover(engine_scalers(workload, scope), facts.owned, self._now())
        outgoing = (*runner.outgoing, *scaler.outgoing)
        for each in outgoing:
            await self._applier.delete(each)
        if runner.waits:
            return (), HANDOVER_SECONDS
        if scaler.waits:
            workload = replace(workload, autoscaling=Autoscaling(How.CHANGING, engine.demand))
        patient = await self._patience(namespace, workload, facts)
        workload = replace(workload, cramped=patient == 0)
        left = [each for each in without_kedas(facts.owned) if each not in outgoing]
        made = workload_objects(workload, scope, self._images, self._network)
        wanted = with_kept_images(made, facts.owned, self._images.reference("operator"))
        synced = await self._applier.sync(wanted, left)
        # The engine answers as it is: a webhook that does not is nothing that its customers need to know.
        told = (*(each for each in held if not isinstance(each, Unadmitted)), *synced.refusals)
        if scaler.waits:
            return told, HANDOVER_SECONDS
        looks = (seconds_until_retry((*held, *synced.refusals)), ceil(patient) if patient else None)
        return told, min((each for each in looks if each is not None), default=None)

    async def _patience(self, namespace: str, workload: Workload, facts: EngineFacts) -> float | None:
        """How long room for one more pod is still awaited; None where none is, or where none comes before one has gone."""
        live = find(facts.owned, DEPLOYMENTS, workload.name)
        if workload.replaced is not Replaced.WITH_ROOM or live is None or not is_replacing(live):
            return None
        return patience(live, await gather_engine_pods(self._client, namespace, workload.name), self._now())

    async def _admitted(
        self, namespace: str, engine: SharedEngine, facts: EngineFacts, scope: Scope
    ) -> tuple[Workload, Handover, Refusals]:
        """The workload that the API server would take, what ran its groups before, and why it is not the one that is wanted.

        What runs the groups of an engine stays until its successor would be taken: the kind LeaderWorkerSet is there before the
        webhook that must admit each of them, and where that never answers, the engine would be gone for good.
        """
        workload = await self._scaled(namespace, engine, facts, facts.kinds)
        if workload.group is None:
            return workload, Handover((), waits=False), ()
        wanted = runners(workload, scope, self._images)
        change = handover(wanted, facts.owned, self._now(), RUNNERS)
        if not change.outgoing:
            return workload, change, ()
        new = [each for each in wanted if find(facts.owned, resource_of(each), each["metadata"]["name"]) is None]
        held = await self._try_out(new)
        if not held:
            return workload, change, ()
        workload = await self._scaled(namespace, engine, facts, facts.kinds.without(LEADER_WORKER_SETS))
        return workload, handover(runners(workload, scope, self._images), facts.owned, self._now(), RUNNERS), held

    async def _try_out(self, objects: Iterable[Object]) -> Refusals:
        """What would be refused of these; not by a quota, of which those that go have a part."""
        refusals: Refusals = ()
        for each in objects:
            try:
                await self._applier.lacks(each)
            except REFUSED as refusal:
                if "exceeded quota" not in str(refusal):
                    refusals = (*refusals, refusal)
        return refusals

    async def _build(self, namespace: str, shared: SharedBuild, facts: EngineFacts) -> tuple[Refusals, int | None]:
        """What was refused, and when to look again because the Job waits for its volume, or for the one before it to go."""
        build, scope = shared.build, _scope(namespace, shared.build.name, shared.chatbots)
        synced = await self._applier.sync(build_objects(build, scope, self._network), facts.owned, keep=(JOBS,))
        volume = find(facts.owned, CLAIMS, build.volume.claim)
        job = find(facts.owned, JOBS, build.task.name)
        if job and not (volume and filled(job, volume)):
            await self._applier.delete(job)
        if synced.refusals or volume is None or (job and not filled(job, volume)):
            return synced.refusals, None if synced.refusals else HANDOVER_SECONDS
        if job is None:
            # A Job never changes: what would change it gives it another name.
            try:
                await self._applier.create(build_job(build, volume, scope, self._images))
            except REFUSED as refusal:
                return (refusal,), None
        return (), None

    async def _scaled(self, namespace: str, engine: SharedEngine, facts: EngineFacts, kinds: Kinds) -> Workload:
        """The engine's workload, with the decision who scales it, which is posted."""
        workload = scaled(engine, kinds, self._settings)
        ours = bool(workload.autoscaling and workload.autoscaling.owns_replicas)
        runner = runner_of(workload)
        if may_have_rival(workload.name, runner, workload.replicas, facts.owned, scaled=ours):
            found = await gather_rival(self._client, namespace, runner)
            if found:
                workload = replace(workload, autoscaling=Autoscaling(How.RIVAL, engine.demand, rival=found))
        self._board.decide(namespace, workload.name, workload.autoscaling)
        return workload


def unwanted(facts: EngineFacts, placement: Placement, settings: PlanSettings) -> tuple[list[Object], int | None]:
    """Objects of an engine that no chatbot wants, and when to look again at those that stay for a while.

    What a chatbot's status says that it is served by stays: a mistake in its spec tears nothing down. So does what it used, where its spec
    cannot be read, or cannot be carried out and its status does not tell; and what a release on its way may be served by, until the
    gateways know that it is so no more.
    """
    owners = {found["metadata"]["uid"]: readable(found) for found in facts.owners}
    known = [owner for owner in owners.values() if owner]
    amid = {owner.metadata.uid for owner in known if _is_amid_a_change(owner)}
    untold = [owner for owner in known if not (owner.status and owner.status.engine)]
    undecided = {uid for uid, owner in owners.items() if owner is None}
    undecided |= {chatbot.metadata.uid for chatbot in share_engines(untold, placement, settings).unplanned}
    serve = {(found["metadata"]["uid"], name) for found in facts.owners for name in serving(found)}
    doomed = [
        each
        for each in facts.owned
        if not any(
            uid in amid | undecided or (uid, each["metadata"]["labels"][naming.ENGINE]) in serve
            for uid in _owners(each)
        )
    ]
    # Nothing wakes an engine that neither a spec nor a status names.
    return doomed, HANDOVER_SECONDS if amid else REFUSED_SECONDS if undecided else None


def _is_amid_a_change(chatbot: ChatbotDeployment) -> bool:
    """Whether its gateways may be told of a candidate that its present spec has given up."""
    status = chatbot.status
    told = status.releases if status else None
    return bool(status and told and told.candidate and status.observed_generation != chatbot.metadata.generation)


def _named(sharing: Sharing, name: str) -> SharedEngine | None:
    return next((each for each in sharing.engines if each.workload.name == name), None)


def _scope(namespace: str, name: str, chatbots: Iterable[ChatbotDeployment]) -> Scope:
    return shared(namespace, name, tuple(owner_of(chatbot) for chatbot in chatbots))


def _owners(found: Object) -> set[str]:
    return {reference["uid"] for reference in found["metadata"].get("ownerReferences", ())}
