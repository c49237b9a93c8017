"""Checks of a chatbot: its engine, its knowledge and its gateway."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kefu_operator.building import BuildView
from kefu_operator.desired.types import Object
from kefu_operator.gather.chatbot import ChatbotFacts
from kefu_operator.gather.owned import find
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.pods import pods_of
from kefu_operator.resources import kind_of
from kefu_operator.status.adapter_checks import check_adapters
from kefu_operator.status.build_checks import check_build
from kefu_operator.status.check import Check, Verdict, fail, ok, stuck, wait, worst
from kefu_operator.status.reasons import Reason
from kefu_operator.status.scaling_checks import is_asleep
from kefu_operator.status.workload_checks import check_workload


def check_engine(engine: EnginePlan, facts: ChatbotFacts, now: datetime) -> Check:
    """The model's server, and the adapters that answer."""
    if engine.workload is None:
        return ok(Reason.ENDPOINT, f"the engine is run by somebody else at {engine.target.url}")
    found = facts.engine_of(engine.workload.name)
    if is_asleep(found.runner, found.scaler):
        return ok(
            Reason.ASLEEP,
            f"engine {engine.workload.name} has no pods, because nobody asks: the next question is held until one is back",
        )
    layout = f" ({engine.layout})" if engine.layout else ""
    build = engine.workload.build
    building = (
        check_build(build.name, facts.builds.get(build.name, BuildView()), facts.refused.get(build.name, ""))
        if build
        else None
    )
    if building and (found.runner is None or building.verdict > Verdict.WAIT):
        return building
    # An engine that is built anew goes on answering from the build before.
    refusals = (facts.refused.get(each["metadata"]["name"]) for each in found.sets)
    refused = next((text for text in refusals if text), "")
    server = check_workload(f"engine {engine.workload.name}{layout}", found.runner, found.pods, now, refused)
    adapters = check_adapters(engine.adapters, found.pods, found.lacking)
    if server.reason == Reason.ROLLING_OUT:
        # A pod that is to be replaced may have no room for the rank that its successor has.
        adapters = [check for check in adapters if check.reason != Reason.ADAPTER_REFUSED]
    return worst((server, *adapters))


def check_gateway(plan: ChatbotPlan, facts: ChatbotFacts, now: datetime) -> list[Check]:
    """The gateway, and the store of its conversations."""
    parts = {"the gateway": plan.gateway, "the session store": plan.session_store}
    return [
        check_workload(
            what,
            find(facts.owned, kind_of(workload), workload.name),
            pods_of(facts.pods, workload.name),
            now,
            facts.refused.get(workload.name, ""),
        )
        for what, workload in parts.items()
        if workload
    ]


def check_knowledge(names: Iterable[str], indexes: Mapping[str, Object | None]) -> list[Check]:
    """Each of these indexes."""
    return [_index(name, indexes.get(name)) for name in names]


def published(index: Object | None) -> str | None:
    """The version of an index that answers."""
    version = ((index or {}).get("status") or {}).get("published") or {}
    return version.get("version")


def _index(name: str, index: Object | None) -> Check:
    if index is None:
        return stuck(
            Reason.INDEX_NOT_FOUND,
            f"KnowledgeIndex {name} does not exist in this namespace: create it, or correct spec.knowledge",
        )
    told = {found["type"]: found for found in (index.get("status") or {}).get("conditions", ())}
    # That a newer version cannot be built is the index's trouble, not the chatbot's: the older one answers.
    if published(index) and told.get("StoreReady", {}).get("status") == "True":
        return ok(Reason.PUBLISHED, f"KnowledgeIndex {name} answers with {published(index)}")
    ready = told.get("Ready")
    if ready is None:
        return wait(Reason.INDEX_NOT_READY, f"KnowledgeIndex {name} has not been looked at yet")
    why = f"KnowledgeIndex {name} is not ready: {ready['reason']}: {ready.get('message', '')}"
    moving = told.get("Progressing", {}).get("status") == "True"
    return (wait if moving else fail)(Reason.INDEX_NOT_READY, why)
