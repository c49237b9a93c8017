"""One ChatbotDeployment: Redis, release document, gateway and what surrounds it; its engine belongs to `engines`."""

import logging
from dataclasses import replace
from datetime import datetime

from kefu_api import digest
from kefu_operator.apply import Applier, Refusals, Synced
from kefu_operator.client.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, owned
from kefu_operator.desired.network import AS_IT_COMES, Network
from kefu_operator.desired.objects import chatbot_objects, chatbot_secrets
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.secret import random_value
from kefu_operator.discovery import Discovery
from kefu_operator.errors import Absent, Forbidden
from kefu_operator.gather.chatbot import ChatbotFacts, gather_chatbot
from kefu_operator.gather.companions import Companions
from kefu_operator.gather.owned import find
from kefu_operator.gather.unreadable import Unreadable
from kefu_operator.plan.chatbot import ChatbotPlan, plan_chatbot
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import DocumentMount
from kefu_operator.pods import PodView, is_older
from kefu_operator.prometheus import Prometheus
from kefu_operator.reconcile.chatbot_status import PARTS, ChatbotTeller
from kefu_operator.reconcile.refusals import RefusalBoard, seconds_until_retry
from kefu_operator.reconcile.rollout import Course, Rollouts
from kefu_operator.reconcile.secrets import SecretMaker
from kefu_operator.reconcile.tell import Now, utc_now
from kefu_operator.reconcile.unreadable import tell_unreadable
from kefu_operator.resources import CONFIG_MAPS, DEPLOYMENTS
from kefu_operator.rollout.told import releases_of
from kefu_operator.status.adapter_checks import check_adapters
from kefu_operator.status.workload_checks import START
from kefu_operator.workers import Again

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 30
"""How often a pod is looked at whose trouble only events and logs tell, which are not watched."""
FETCHING_SECONDS = 10
"""How often downloads and adapters are looked at: logs tell how far they are."""


class ChatbotReconciler:
    """Brings one chatbot to what its spec says, and tells how it is."""

    def __init__(
        self,
        client: Client,
        applier: Applier,
        images: Images,
        settings: PlanSettings,
        board: RefusalBoard,
        discovery: Discovery,
        network: Network = AS_IT_COMES,
        prometheus: Prometheus | None = None,
        now: Now = utc_now,
    ) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._settings = settings
        self._discovery = discovery
        self._network = network
        self._now = now
        self._companions = Companions()
        self._board = board
        self._secrets = SecretMaker(applier, now)
        self._rollouts = Rollouts(applier, prometheus, board, now)
        self._teller = ChatbotTeller(applier, settings, board, now)

    async def __call__(self, namespace: str, name: str) -> Again:
        """Reconcile.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        kinds = await self._discovery.kinds()
        facts = await gather_chatbot(self._client, namespace, name, kinds, self._companions)
        if facts is None:
            # What it made goes by its owner references.
            self._secrets.forget(namespace, name)
            return Again()
        if isinstance(facts, Unreadable):
            await tell_unreadable(self._applier, facts, PARTS, self._now())
            return Again()
        views = facts.engines.items()
        engines = {each: replace(view, lacking=self._board.lacking(namespace, each)) for each, view in views}
        facts = replace(facts, engines=engines)
        placement, scope = ClusterPlacement(namespace), owned(namespace, owner_of(facts.chatbot))
        settings = replace(self._settings, image_volumes=facts.image_volumes)
        try:
            course = await self._rollouts.decide(facts, settings, scope)
            plan = plan_chatbot(facts.chatbot, placement, settings, course.served, course.salt)
        except PlanError as error:
            return await self._retreat(facts, settings, scope, error)
        refusals, synced = await self._apply(plan, facts, scope)
        # The status is that of what stands now: from what was found it would be written twice.
        facts = replace(facts, owned=synced.over(facts.owned))
        await self._teller.tell(plan, course, facts, refusals)
        await self._rollouts.prune(facts, course)
        return _again(facts, refusals, course, self._now())

    async def _retreat(self, facts: ChatbotFacts, settings: PlanSettings, scope: Scope, error: PlanError) -> Again:
        """A spec that cannot be planned leaves the stable release to all customers: nobody would judge a candidate."""
        course = self._rollouts.retreat(facts, settings)
        if course is None:
            await self._teller.tell_unplanned(
                facts, error, facts.chatbot.status.releases if facts.chatbot.status else None
            )
            return Again()
        placement = ClusterPlacement(facts.chatbot.metadata.namespace)
        plan = plan_chatbot(facts.chatbot, placement, settings, course.served)
        refusals, _ = await self._apply(plan, facts, scope)
        await self._teller.tell_unplanned(facts, error, releases_of(course.after, None, course.knowledge))
        return Again(seconds_until_retry(refusals))

    async def _apply(self, plan: ChatbotPlan, facts: ChatbotFacts, scope: Scope) -> tuple[Refusals, Synced]:
        refusals = await self._secrets.make(
            facts.found,
            [secret.name for secret in plan.generated_secrets],
            lambda: chatbot_secrets(plan, scope, random_value),
            find(facts.owned, DEPLOYMENTS, plan.gateway.name),
            waits=any(pod.workload == plan.gateway.name and pod.trouble for pod in facts.pods),
        )
        wanted = chatbot_objects(plan, scope, self._images, self._network)
        synced = await self._applier.sync(wanted, facts.owned)
        await self._nudge(plan, facts)
        return refusals + synced.refusals, synced

    async def _nudge(self, plan: ChatbotPlan, facts: ChatbotFacts) -> None:
        """A changed document is brought to the gateways that run at once, for customers may be served badly until then."""
        mount = next(each for each in plan.gateway.container.mounts if isinstance(each, DocumentMount))
        found = find(facts.owned, CONFIG_MAPS, mount.config_map)
        if found is None or found.get("data") == mount.files:
            return
        mark = digest.of_files(mount.files)[:10]
        for pod in (pod for pod in facts.pods if pod.workload == plan.gateway.name and not pod.deleting):
            try:
                await self._applier.nudge(facts.chatbot.metadata.namespace, pod.name, mark)
            except (Absent, Forbidden) as error:
                log.info("gateway %s is told of its new document by its kubelet alone: %s", pod.name, error)


def _again(facts: ChatbotFacts, refusals: Refusals, course: Course, now: datetime) -> Again:
    if refusals:
        return Again(seconds_until_retry(refusals))
    pods = (*facts.pods, *(pod for engine in facts.engines.values() for pod in engine.pods))
    served = [
        (plan.adapters, facts.engine_of(plan.workload.name))
        for plan in (each.plan.engine for each in course.served)
        if plan.workload
    ]
    loading = any(check_adapters(adapters, engine.pods, engine.lacking) for adapters, engine in served)
    trouble = FETCHING_SECONDS if loading or any(pod.fetching for pod in pods) else None
    if trouble is None and (facts.refused or any(pod.creating or pod.crashed or _may_start(pod, now) for pod in pods)):
        trouble = TROUBLE_SECONDS
    return Again(min((after for after in (trouble, course.again) if after is not None), default=None))


def _may_start(pod: PodView, now: datetime) -> bool:
    """Whether no node takes the pod yet: that this lasts, nothing but the time tells."""
    return bool(pod.unschedulable) and not is_older(pod, START, now)
