"""Checks of an index: its sources, its store and what searches it."""

from datetime import datetime

from kefu_api.kinds.knowledge.versions import KnownVersion
from kefu_operator import naming
from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.gather.owned import find
from kefu_operator.ingestion import known
from kefu_operator.ingestion.decide import told_gates
from kefu_operator.ingestion.situation import Decision
from kefu_operator.plan.knowledge.plan import KnowledgePlan
from kefu_operator.plan.workload import Workload
from kefu_operator.pods import pods_of
from kefu_operator.resources import DEPLOYMENTS, MILVUSES
from kefu_operator.status.check import Check, ok, stuck, wait
from kefu_operator.status.milvus_checks import check_fallback, check_milvus
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
    return missing or [
        ok(Reason.SOURCES_FOUND, f"{len(sources)} source{' is' if len(sources) == 1 else 's are'} there")
    ]


def check_evaluation(plan: KnowledgePlan, facts: KnowledgeFacts, decision: Decision) -> list[Check]:
    """What the golden questions say; nothing where the index has none."""
    evaluation = facts.index.spec.evaluation
    if evaluation is None:
        return []
    if plan.judged_by is None:
        name = evaluation.questions.config_map.name
        remedy = "create it, or correct spec.evaluation.questions"
        return [
            stuck(Reason.QUESTIONS_NOT_FOUND, f"ConfigMap {name} with the golden questions does not exist: {remedy}")
        ]
    built = known.find(decision.versions, plan.version)
    if built and built.judged_by == plan.judged_by:
        if built.failed_gates:
            return [stuck(Reason.GATES_FAILED, f"{built.version}: {told_gates(built)}")]
        return [ok(Reason.EVALUATED, told_scores(built))]
    answering = known.find(decision.versions, decision.published.version if decision.published else None)
    if answering and answering.scores:
        return [ok(Reason.EVALUATED, f"{told_scores(answering)}; {plan.version} is judged when it is built")]
    return [wait(Reason.EVALUATING, f"{plan.version or 'the index'} is judged when it is built")]


def told_scores(version: KnownVersion) -> str:
    """A version's scores in a sentence."""
    if version.scores is None:
        return f"{version.version} was not judged"
    figures = version.scores.model_dump(by_alias=True, exclude_none=True, exclude={"questions"})
    told = ", ".join(f"{name} {value}" for name, value in figures.items())
    return f"{version.version}: {told}, of {version.scores.questions} questions"


def check_store(plan: KnowledgePlan, facts: KnowledgeFacts, now: datetime, *, is_published: bool) -> list[Check]:
    """The store, and the service that searches it."""
    store, search = _store(plan, facts, now), _workload("the retrieval service", plan.retrieval, facts, now)
    # It cannot be ready before there is anything to search; that it is broken counts at any time.
    return [store, search] if is_published or is_failing(search) else [store]


def store_is_ready(plan: KnowledgePlan, facts: KnowledgeFacts, now: datetime) -> bool:
    """Whether an ingestion can write; an external store is taken to be there."""
    return _store(plan, facts, now).verdict.answers


def _store(plan: KnowledgePlan, facts: KnowledgeFacts, now: datetime) -> Check:
    where = plan.store.where
    if plan.store.milvus:
        name = naming.milvus(plan.name)
        return check_milvus(name, find(facts.owned, MILVUSES, name), served=where.served)
    if plan.store.workload is None:
        return ok(Reason.EXTERNAL_STORE, "the store is run by somebody else")
    embedded = _workload("the store", plan.store.workload, facts, now)
    return check_fallback(embedded, served=where.served) if where.site == "Fallback" else embedded


def _workload(what: str, workload: Workload, facts: KnowledgeFacts, now: datetime) -> Check:
    return check_workload(what, find(facts.owned, DEPLOYMENTS, workload.name), pods_of(facts.pods, workload.name), now)
