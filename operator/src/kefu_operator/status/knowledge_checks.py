"""Checks of an index: its sources, its store and what searches it."""

from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.gather.owned import find
from kefu_operator.gather.pods import pods_of
from kefu_operator.plan.knowledge import KnowledgePlan
from kefu_operator.plan.workload import Workload
from kefu_operator.resources import DEPLOYMENTS
from kefu_operator.status.check import Check, Verdict, ok, stuck
from kefu_operator.status.reasons import Reason
from kefu_operator.status.workload_checks import check_workload, is_failing


def check_sources(facts: KnowledgeFacts) -> list[Check]:
    """Every ConfigMap that a source names."""
    sources = facts.index.spec.sources
    missing = [
        stuck(
            Reason.SOURCE_NOT_FOUND,
            f"ConfigMap {source.config_map.name} of source {source.name} does not exist: create it, "
            "or correct spec.sources",
        )
        for source in sources
        if source.config_map and source.name not in facts.digests
    ]
    return missing or [ok(Reason.SOURCES_FOUND, f"{len(sources)} sources are there")]


def check_store(plan: KnowledgePlan, facts: KnowledgeFacts, *, is_published: bool) -> list[Check]:
    """The store, and the service that searches it."""
    if plan.store is None:
        store = ok(Reason.EXTERNAL_STORE, "the store is run by somebody else")
    else:
        store = _workload("the store", plan.store, facts)
    search = _workload("the retrieval service", plan.retrieval, facts)
    # It cannot be ready before there is anything to search; that it is broken counts at any time.
    return [store, search] if is_published or is_failing(search) else [store]


def store_is_ready(plan: KnowledgePlan, facts: KnowledgeFacts) -> bool:
    """Whether an ingestion can write; an external store is taken to be there."""
    return plan.store is None or _workload("the store", plan.store, facts).verdict is Verdict.OK


def _workload(what: str, workload: Workload, facts: KnowledgeFacts) -> Check:
    return check_workload(what, find(facts.owned, DEPLOYMENTS, workload.name), pods_of(facts.pods, workload.name))
