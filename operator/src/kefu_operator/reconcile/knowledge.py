"""One KnowledgeIndex: store, retrieval service, and the Job that builds the version that the sources ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from kefu_api.kinds.knowledge import CandidateVersion, KnowledgeIndex, KnowledgeIndexStatus, PublishedVersion
from kefu_operator.apply import Applier, Refusals
from kefu_operator.client import Client
from kefu_operator.desired.images import Images
from kefu_operator.desired.job import job as desired_job
from kefu_operator.desired.metadata import Scope, owned
from kefu_operator.desired.objects import knowledge_objects, task_objects
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.errors import Forbidden, Rejected
from kefu_operator.gather.knowledge import KnowledgeFacts, gather_knowledge
from kefu_operator.gather.owned import find
from kefu_operator.ingestion.decide import Decision, Situation, decide
from kefu_operator.ingestion.jobs import view
from kefu_operator.plan.knowledge import KnowledgePlan, plan_knowledge, retrieval_url
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.workload import Task
from kefu_operator.reconcile.tell import Now, stamp, tell, utc_now
from kefu_operator.resources import CLAIMS, CONFIG_MAPS, JOBS
from kefu_operator.settled import holds
from kefu_operator.status.check import Check, Verdict, wait
from kefu_operator.status.conditions import conditions
from kefu_operator.status.invalid import unreadable
from kefu_operator.status.knowledge_checks import check_sources, check_store, store_is_ready
from kefu_operator.status.reasons import Reason
from kefu_operator.status.workload_checks import check_refusals
from kefu_operator.workers import Again

REFUSED_SECONDS = 60
"""How long until what the API server refused is tried again."""
TROUBLE_SECONDS = 30
"""How often a pod is looked at whose trouble only events and logs tell, which are not watched."""


@dataclass(frozen=True)
class Outcome:
    """What came of one reconcile, for the status to tell."""

    refusals: Refusals
    decision: Decision


class KnowledgeReconciler:
    """Brings one index to what its spec and sources say, and tells how it is."""

    def __init__(self, client: Client, applier: Applier, images: Images, now: Now = utc_now) -> None:
        self._client = client
        self._applier = applier
        self._images = images
        self._now = now

    async def __call__(self, namespace: str, name: str) -> Again:
        """Reconcile.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        facts = await gather_knowledge(self._client, namespace, name)
        if facts is None:
            # What it made goes by its owner references.
            return Again()
        if not isinstance(facts, KnowledgeFacts):
            await self._tell_unreadable(facts)
            return Again()
        plan = plan_knowledge(facts.index, facts.digests, ClusterPlacement(namespace))
        scope = owned(namespace, owner_of(facts.index))
        decision = self._decide(plan, facts, scope)
        refusals = await self._apply(plan, facts, decision, scope)
        await self._tell(plan, facts, Outcome(refusals, decision))
        return _again(facts, Outcome(refusals, decision))

    def _decide(self, plan: KnowledgePlan, facts: KnowledgeFacts, scope: Scope) -> Decision:
        status = facts.index.status or KnowledgeIndexStatus()
        if plan.version is None or plan.ingestion is None:
            check = wait(Reason.BUILDING, "nothing is built until every source is there")
            return Decision(check, published=status.published)
        return decide(
            Situation(
                version=plan.version,
                job_name=plan.ingestion.name,
                published=status.published,
                store_ready=store_is_ready(plan, facts),
                store_since=self._store_since(plan, facts),
                jobs=[view(job) for job in facts.jobs if "deletionTimestamp" not in job["metadata"]],
                # Those of a Job that was deleted still run for a moment.
                pods=[pod for pod in facts.pods if pod.component == plan.ingestion.component],
                is_current=self._is_current(plan.ingestion, facts, scope),
                now=self._now(),
            )
        )

    def _store_since(self, plan: KnowledgePlan, facts: KnowledgeFacts) -> datetime | None:
        if plan.store is None:
            return None
        claim = find(facts.owned, CLAIMS, plan.store.name)
        return datetime.fromisoformat(claim["metadata"]["creationTimestamp"]) if claim else self._now()

    def _is_current(self, task: Task, facts: KnowledgeFacts, scope: Scope) -> bool:
        live = find(facts.jobs, JOBS, task.name)
        return live is not None and holds(live, desired_job(task, scope, self._images))

    async def _apply(self, plan: KnowledgePlan, facts: KnowledgeFacts, decision: Decision, scope: Scope) -> Refusals:
        lasting = knowledge_objects(plan, scope, self._images)
        kept = _documents_of_jobs(facts, plan, decision)
        live = [each for each in facts.owned if _name(each) not in kept]
        refusals = await self._applier.sync(lasting, live)
        for job in decision.delete:
            await self._applier.delete(job)
        if decision.create and plan.ingestion:
            refusals += await self._create_job(plan.ingestion, facts, scope)
        return refusals

    async def _create_job(self, task: Task, facts: KnowledgeFacts, scope: Scope) -> Refusals:
        *documents, job = task_objects(task, scope, self._images)
        try:
            for document in documents:
                await self._applier.apply(document, find(facts.owned, CONFIG_MAPS, _name(document)))
            await self._applier.create(job)
        except (Forbidden, Rejected) as refusal:
            return (refusal,)
        return ()

    async def _tell(self, plan: KnowledgePlan, facts: KnowledgeFacts, outcome: Outcome) -> None:
        index, decision = facts.index, outcome.decision
        before = index.status.conditions if index.status else ()
        generation, now = index.metadata.generation, self._now()
        building = decision.phase in ("Pending", "Building") and decision.check.verdict is Verdict.OK
        after = conditions(
            {
                "SourcesReady": check_sources(facts),
                "Published": [decision.check],
                "StoreReady": [
                    *check_refusals(outcome.refusals),
                    *check_store(plan, facts, is_published=decision.published is not None),
                ],
            },
            before,
            generation,
            stamp(now),
            with_stalled=False,
            progress=Check(Verdict.WAIT, Reason.BUILDING, decision.check.message) if building else None,
        )
        status = KnowledgeIndexStatus(
            observed_generation=generation,
            conditions=after,
            published=decision.published,
            candidate=_candidate(plan, decision),
            url=retrieval_url(index.metadata.name, ClusterPlacement(index.metadata.namespace)),
        )
        await tell(self._applier, facts.found, _dump(status), before, after, now)

    async def _tell_unreadable(self, found: Object) -> None:
        try:
            KnowledgeIndex.model_validate(found)
        except ValidationError as error:
            check, generation = unreadable(error), found["metadata"]["generation"]
            parts: dict[str, Sequence[Check]] = {
                "SourcesReady": [check],
                "Published": [check],
                "StoreReady": [check],
            }
            after = conditions(parts, (), generation, stamp(self._now()), with_stalled=False)
            status = KnowledgeIndexStatus(
                observed_generation=generation, conditions=after, published=_remembered(found)
            )
            await tell(self._applier, found, _dump(status), (), after, self._now())


def _documents_of_jobs(facts: KnowledgeFacts, plan: KnowledgePlan, decision: Decision) -> set[str]:
    """Names of the ConfigMaps that Jobs still mount: each has the name of its Job."""
    deleted = {_name(job) for job in decision.delete}
    names = {_name(job) for job in facts.jobs} - deleted
    return names | ({plan.ingestion.name} if plan.ingestion and decision.create else set())


def _candidate(plan: KnowledgePlan, decision: Decision) -> CandidateVersion | None:
    if decision.phase is None or plan.version is None:
        return None
    return CandidateVersion(version=plan.version, phase=decision.phase)


def _again(facts: KnowledgeFacts, outcome: Outcome) -> Again:
    waits = [REFUSED_SECONDS] if outcome.refusals else []
    if any(pod.creating or pod.crashed for pod in facts.pods if not pod.deleting):
        waits.append(TROUBLE_SECONDS)
    after = outcome.decision.again_after
    if after is not None:
        waits.append(max(1, round(after.total_seconds())))
    return Again(min(waits, default=None))


def _remembered(found: Object) -> PublishedVersion | None:
    try:
        return PublishedVersion.model_validate((found.get("status") or {}).get("published"))
    except ValidationError:
        return None


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])


def _dump(status: KnowledgeIndexStatus) -> Object:
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)
