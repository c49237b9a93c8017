"""One KnowledgeIndex: store, retrieval service, and the Job that builds the version that the sources ask for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus, SourceStatus
from kefu_api.kinds.knowledge.versions import CandidateVersion
from kefu_operator.apply import Applier, Refusals
from kefu_operator.client.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.job import job as desired_job
from kefu_operator.desired.metadata import Scope, owned
from kefu_operator.desired.network import AS_IT_COMES, Network
from kefu_operator.desired.objects import knowledge_objects, knowledge_secrets, task_objects
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.secret import random_value
from kefu_operator.desired.types import Object
from kefu_operator.discovery import Discovery, doubting
from kefu_operator.errors import REFUSED
from kefu_operator.fetching.decide import FetchDecision
from kefu_operator.gather.knowledge import KnowledgeFacts, Leaving, gather_knowledge, gather_named
from kefu_operator.gather.owned import find
from kefu_operator.gather.unreadable import Unreadable
from kefu_operator.ingestion.decide import decide
from kefu_operator.ingestion.jobs import heard, view
from kefu_operator.ingestion.progress import progress_of
from kefu_operator.ingestion.situation import Decision, Situation
from kefu_operator.plan.knowledge.plan import KnowledgePlan, plan_knowledge
from kefu_operator.plan.knowledge.retrieval import retrieval_url
from kefu_operator.plan.knowledge.tasks import COMPONENT
from kefu_operator.plan.knowledge.version import publishes_itself
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.workload import Task
from kefu_operator.prometheus import Prometheus
from kefu_operator.reconcile.departure import Departure
from kefu_operator.reconcile.fetching import decide_sources, digests_of, is_fetch_job, with_digests
from kefu_operator.reconcile.holder import volume_of
from kefu_operator.reconcile.pushing import LOOK_SECONDS, check_pushed, pushed_sources
from kefu_operator.reconcile.refusals import seconds_until_retry
from kefu_operator.reconcile.reranker import LOOK_SECONDS as RERANKER_SECONDS
from kefu_operator.reconcile.reranker import RerankerLook
from kefu_operator.reconcile.secrets import SecretMaker
from kefu_operator.reconcile.tell import Now, dumped, stamp, tell, utc_now
from kefu_operator.reconcile.unreadable import tell_unreadable
from kefu_operator.resources import CONFIG_MAPS, DEPLOYMENTS, JOBS
from kefu_operator.settled import holds
from kefu_operator.status.check import Check, Verdict
from kefu_operator.status.conditions import conditions
from kefu_operator.status.knowledge_checks import (
    check_evaluation,
    check_sources,
    check_store,
    store_is_ready,
)
from kefu_operator.status.reasons import Reason
from kefu_operator.status.reranker_checks import CONDITION as RERANKER
from kefu_operator.status.workload_checks import check_refusals
from kefu_operator.workers import Again

PROGRESS_SECONDS = 2
"""How often a Job that builds is asked how far it is: as often as it tells."""
PARTS = ("SourcesReady", "Published", "StoreReady")
"""The conditions behind Ready that are always told."""
MOVING = ("Pending", "Building", "Evaluating", "Publishing")
"""Phases that go on by themselves."""
DELETED_SECONDS = 1
"""After a Job was deleted: that wakes nobody, for it was ours, and the next one waits for it to be gone."""
TROUBLE_SECONDS = 30
"""How often a pod is looked at whose trouble only events and logs tell, which are not watched."""


@dataclass(frozen=True)
class Outcome:
    """What came of one reconcile, for the status to tell."""

    refusals: Refusals
    decision: Decision
    fetching: FetchDecision
    pushed: tuple[SourceStatus, ...]
    reranker: Check | None


class KnowledgeReconciler:
    """Brings one index to what its spec and sources say, and tells how it is."""

    def __init__(
        self,
        client: Client,
        applier: Applier,
        images: Images,
        discovery: Discovery,
        network: Network = AS_IT_COMES,
        now: Now = utc_now,
        prometheus: Prometheus | None = None,
    ) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._discovery = discovery
        self._network = network
        self._now = now
        self._secrets = SecretMaker(applier, now)
        self._departure = Departure(applier, images, now)
        self._reranker = RerankerLook(prometheus)

    async def __call__(self, namespace: str, name: str) -> Again:
        """Reconcile.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        async with doubting(self._discovery):
            return await self._reconcile(namespace, name)

    async def _reconcile(self, namespace: str, name: str) -> Again:
        facts = await gather_knowledge(self._client, namespace, name, await self._discovery.kinds())
        if facts is None:
            # What it made goes by its owner references.
            self._secrets.forget(namespace, name)
            return Again()
        if isinstance(facts, Leaving):
            self._secrets.forget(namespace, name)
            return await self._departure(facts)
        if isinstance(facts, Unreadable):
            await tell_unreadable(self._applier, facts, PARTS, self._now())
            return Again()
        fetching = decide_sources(facts, self._now())
        pushed = pushed_sources(facts, self._now())
        facts = with_digests(facts, {**fetching.digests, **digests_of(pushed)})
        plan = _plan(facts)
        scope = owned(namespace, owner_of(facts.index))
        decision = self._decide(plan, facts, scope)
        if decision.create:
            named = await gather_named(self._client, facts.index)
            plan = _plan(facts, named)
        refusals = await self._departure.hold(facts.found, facts.index)
        refusals += await self._apply(plan, facts, (decision, fetching), scope)
        outcome = Outcome(refusals, decision, fetching, pushed, await self._reranker(facts.index))
        await self._tell(plan, facts, outcome)
        return _again(facts, outcome, RERANKER_SECONDS if self._reranker.is_due(facts.index) else None)

    def _decide(self, plan: KnowledgePlan, facts: KnowledgeFacts, scope: Scope) -> Decision:
        status, task = facts.index.status or KnowledgeIndexStatus(), plan.ingestion
        # Those of a Job that was deleted still run for a moment.
        pods = [pod for pod in facts.pods if pod.component == COMPONENT]
        return decide(
            Situation(
                version=plan.version if task else None,
                job_name=task.name if task else None,
                published=status.published,
                versions=status.versions,
                remembered_volume=status.volume,
                volume=volume_of(facts),
                judged_by=plan.judged_by,
                automatic=publishes_itself(facts.index),
                pinned=facts.index.spec.publishing.version,
                publish_jobs={version: each.name for version, each in plan.publications.items()},
                store_ready=store_is_ready(plan, facts, self._now()),
                jobs=[
                    heard(view(job), pods)
                    for job in facts.jobs
                    if "deletionTimestamp" not in job["metadata"] and not is_fetch_job(job)
                ],
                pods=pods,
                is_current=task is not None and self._is_current(task, facts, scope),
                now=self._now(),
            )
        )

    def _is_current(self, task: Task, facts: KnowledgeFacts, scope: Scope) -> bool:
        live = find(facts.jobs, JOBS, task.name)
        return live is not None and holds(live, desired_job(task, scope, self._images))

    async def _apply(
        self, plan: KnowledgePlan, facts: KnowledgeFacts, decisions: tuple[Decision, FetchDecision], scope: Scope
    ) -> Refusals:
        lasting = knowledge_objects(plan, scope, self._images, self._network)
        doomed = [job for decision in decisions for job in decision.delete]
        tasks = _to_create(plan, *decisions)
        kept = _documents_of_jobs(facts, tasks, doomed)
        live = [each for each in facts.owned if _name(each) not in kept]
        refusals = await self._secrets.make(
            facts.found,
            [secret.name for secret in plan.generated_secrets],
            lambda: knowledge_secrets(plan, scope, random_value),
            find(facts.owned, DEPLOYMENTS, plan.retrieval.name),
            waits=any(pod.trouble for pod in facts.pods),
        )
        refused = (await self._applier.sync(lasting, live)).refusals
        refusals += refused
        for job in doomed:
            await self._applier.delete(job)
        for task in tasks:
            refusals += await self._create_job(task, facts, scope)
        return refusals

    async def _create_job(self, task: Task, facts: KnowledgeFacts, scope: Scope) -> Refusals:
        *documents, job = task_objects(task, scope, self._images)
        try:
            for document in documents:
                await self._applier.apply(document, find(facts.owned, CONFIG_MAPS, _name(document)))
            await self._applier.create(job)
        except REFUSED as refusal:
            return (refusal,)
        return ()

    async def _tell(self, plan: KnowledgePlan, facts: KnowledgeFacts, outcome: Outcome) -> None:
        index, decision = facts.index, outcome.decision
        before = index.status.conditions if index.status else ()
        generation, now = index.metadata.generation, self._now()
        building = decision.phase in MOVING and decision.check.verdict is Verdict.OK
        evaluated = check_evaluation(plan, facts, decision)
        after = conditions(
            {
                "SourcesReady": [
                    *outcome.fetching.checks,
                    *check_pushed(outcome.pushed),
                    *check_sources(facts),
                ],
                **({"Evaluated": evaluated} if evaluated else {}),
                "Published": [decision.check],
                "StoreReady": [
                    *check_refusals(outcome.refusals),
                    *check_store(plan, facts, now, is_published=decision.published is not None),
                ],
            },
            before,
            generation,
            stamp(now),
            progress=Check(Verdict.WAIT, Reason.BUILDING, decision.check.message) if building else None,
            beside={RERANKER: outcome.reranker} if outcome.reranker else None,
        )
        status = KnowledgeIndexStatus(
            observed_generation=generation,
            conditions=after,
            published=decision.published,
            candidate=_candidate(facts, decision),
            versions=decision.versions,
            volume=decision.volume,
            store=facts.where.site,
            url=retrieval_url(index.metadata.name, ClusterPlacement(index.metadata.namespace)),
            sources=(*outcome.fetching.sources, *outcome.pushed),
            fetched=outcome.fetching.fetched,
        )
        await tell(self._applier, facts.found, dumped(status), before, after, now)


def _plan(facts: KnowledgeFacts, named: Iterable[str] = ()) -> KnowledgePlan:
    placement = ClusterPlacement(facts.index.metadata.namespace)
    return plan_knowledge(facts.index, facts.digests, placement, volume_of(facts), named, facts.where)


def _to_create(plan: KnowledgePlan, decision: Decision, fetching: FetchDecision) -> list[Task]:
    sources = [plan.fetching.task] if plan.fetching and fetching.create else []
    building = [plan.ingestion] if plan.ingestion and decision.create else []
    return [*sources, *building, *([plan.publications[decision.publish]] if decision.publish else [])]


def _documents_of_jobs(facts: KnowledgeFacts, tasks: Sequence[Task], doomed: Sequence[Object]) -> set[str]:
    """Names of the ConfigMaps that Jobs still mount: each has the name of its Job."""
    names = {_name(job) for job in facts.jobs} - {_name(job) for job in doomed}
    return names | {task.name for task in tasks}


def _candidate(facts: KnowledgeFacts, decision: Decision) -> CandidateVersion | None:
    if decision.phase is None or decision.candidate is None:
        return None
    progress = progress_of(facts.pods) if decision.phase == "Building" else None
    if progress is None:
        return CandidateVersion(version=decision.candidate, phase=decision.phase)
    return CandidateVersion(
        version=decision.candidate,
        phase=progress.phase,
        done=progress.done,
        total=progress.total,
        seconds_left=progress.left,
    )


def _again(facts: KnowledgeFacts, outcome: Outcome, look: int | None) -> Again:
    waits = [after for after in (look, seconds_until_retry(outcome.refusals)) if after is not None]
    if any(pod.creating or pod.crashed for pod in facts.pods if not pod.deleting):
        waits.append(TROUBLE_SECONDS)
    if outcome.pushed:
        waits.append(LOOK_SECONDS)
    if outcome.decision.phase == "Building":
        waits.append(PROGRESS_SECONDS)
    if outcome.decision.delete or outcome.fetching.delete:
        waits.append(DELETED_SECONDS)
    for after in (outcome.decision.again_after, outcome.fetching.again_after):
        if after is not None:
            waits.append(max(1, round(after.total_seconds())))
    return Again(min(waits, default=None))


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])
