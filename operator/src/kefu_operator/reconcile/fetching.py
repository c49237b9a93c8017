"""The remote sources of an index, as its reconcile sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus, SourceStatus
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.fetching.decide import FetchDecision, FetchSituation, decide_fetching
from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.gather.owned import find
from kefu_operator.ingestion.jobs import view
from kefu_operator.plan.fetching import COMPONENT, plan_fetching
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.resources import CLAIMS


def is_fetch_job(job: Object) -> bool:
    """Whether a Job of the index fetches, rather than builds or publishes."""
    return bool(job["metadata"]["labels"].get("app.kubernetes.io/name") == f"kefu-{COMPONENT}")


def with_digests(facts: KnowledgeFacts, digests: Mapping[str, str]) -> KnowledgeFacts:
    """The facts with the digests of what was fetched or pushed."""
    return replace(facts, digests={**facts.digests, **digests})


def digests_of(sources: Iterable[SourceStatus]) -> Mapping[str, str]:
    """Of the snapshots that hold, by source."""
    return {source.name: source.digest for source in sources if source.digest}


def decide_sources(facts: KnowledgeFacts, now: datetime) -> FetchDecision:
    """What is to be done about the remote sources; Jobs of sources that are gone are deleted."""
    index, status = facts.index, facts.index.status or KnowledgeIndexStatus()
    jobs = [job for job in facts.jobs if is_fetch_job(job) and "deletionTimestamp" not in job["metadata"]]
    plan = plan_fetching(index, ClusterPlacement(index.metadata.namespace))
    if plan is None:
        return FetchDecision(delete=tuple(jobs))
    claim = find(facts.owned, CLAIMS, naming.sources(index.metadata.name))
    return decide_fetching(
        FetchSituation(
            key=plan.key,
            job_name=plan.task.name,
            rhythms=plan.rhythms,
            volume=str(claim["metadata"]["uid"]) if claim else "",
            sources=status.sources,
            remembered=status.fetched,
            jobs=[view(job) for job in jobs],
            pods=[pod for pod in facts.pods if pod.component == COMPONENT],
            now=now,
        )
    )
