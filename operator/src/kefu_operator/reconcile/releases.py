"""What is served of a chatbot's releases, and what they need: read from the facts of one reconcile."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_api.kinds.rollout import ReleaseKnowledge
from kefu_operator.desired.types import Object
from kefu_operator.gather.chatbot import ChatbotFacts
from kefu_operator.plan.chatbot import ReleasePlan, plan_release
from kefu_operator.plan.content import with_content
from kefu_operator.plan.demand import demand_of
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.rollout.knowledge import are_held
from kefu_operator.rollout.pods import Pods
from kefu_operator.rollout.revisions import Revision, named
from kefu_operator.rollout.state import State
from kefu_operator.status.adapter_checks import check_adapters
from kefu_operator.status.chatbot_checks import check_engine
from kefu_operator.status.reasons import Reason
from kefu_operator.status.scaling_checks import is_asleep
from kefu_operator.status.workload_checks import available_pods, check_refusals


def answers(plan: ReleasePlan, facts: ChatbotFacts) -> bool:
    """Whether the release's engine answers, with its adapters; one that somebody else runs is taken to."""
    if plan.engine.workload is None:
        return True
    pods = facts.engine_of(plan.engine.workload.name).pods
    return _available(plan, facts) > 0 and not check_adapters(plan.engine.adapters, pods)


def is_kept(plan: ReleasePlan | None, facts: ChatbotFacts) -> bool:
    """Whether customers would miss this release: its engine answers, or would wake for them."""
    if plan is None or plan.engine.workload is None:
        return plan is not None
    engine = facts.engine_of(plan.engine.workload.name)
    return _available(plan, facts) > 0 or is_asleep(engine.runner, engine.scaler)


def is_cramped(plan: ReleasePlan, stable: ReleasePlan, facts: ChatbotFacts, board: RefusalBoard, now: datetime) -> bool:
    """Whether there is no room for the release's engine beside the stable one: on no node, or not within the namespace's quota."""
    if _is_same_engine(plan, stable):
        # Its pods make way for one another by themselves, and the stable release need not go for them.
        return False
    refusals = board.of_engine(facts.chatbot.metadata.namespace, plan.engine.workload)
    checks = (*check_refusals(refusals), check_engine(plan.engine, facts, now))
    return any(check.reason in (Reason.UNSCHEDULABLE, Reason.QUOTA_EXCEEDED) for check in checks)


def pods_of_engine(plan: ReleasePlan, stable: ReleasePlan | None, facts: ChatbotFacts) -> Pods:
    """What the release's engine has of pods, for the rollout to weigh."""
    workload, before = plan.engine.workload, stable.engine.workload if stable else None
    available, demand = _available(plan, facts), demand_of(facts.chatbot.spec)
    if workload is None or (stable and _is_same_engine(plan, stable)):
        return Pods(available=available, free=True)
    if demand is None:
        return Pods(facts.chatbot.spec.engine.replicas, available)
    now = (facts.engine_of(before.name).runner or {}).get("spec", {}).get("replicas", 1) if before else 1
    return Pods(min(demand.maximum, max(1, now)), available, elastic=True)


def _is_same_engine(plan: ReleasePlan, stable: ReleasePlan) -> bool:
    workload, before = plan.engine.workload, stable.engine.workload
    return workload is not None and before is not None and before.name == workload.name


def _available(plan: ReleasePlan, facts: ChatbotFacts) -> int:
    """Pods of the release's engine that answer, with whatever adapters; what somebody else runs counts as one."""
    if plan.engine.workload is None:
        return 1
    runner = facts.engine_of(plan.engine.workload.name).runner
    return available_pods(runner) if runner else 0


def stable_plan(
    facts: ChatbotFacts, before: State, revisions: Sequence[Revision], settings: PlanSettings
) -> dict[str, ReleasePlan]:
    """The plan of the stable release, where it can still be carried out."""
    stable = named(revisions, before.stable)
    former = with_content(facts.chatbot, stable.content) if stable else None
    if stable is None or former is None:
        return {}
    if stable.knowledge and not are_held(stable.knowledge, standing(facts)):
        return {}
    placement = ClusterPlacement(former.metadata.namespace)
    try:
        return {stable.name: plan_release(former, placement, settings, stable.knowledge)}
    except PlanError:
        return {}


def standing(facts: ChatbotFacts) -> dict[str, KnowledgeIndexStatus]:
    """Of the spec's indexes those that tell how they are."""
    found = {name: (index or {}).get("status") for name, index in facts.indexes.items()}
    return {name: read for name, told in found.items() if told and (read := _read(told))}


def _read(told: Object) -> KnowledgeIndexStatus | None:
    try:
        return KnowledgeIndexStatus.model_validate(told)
    except ValidationError:
        # Of CRDs of another version.
        return None


def named_knowledge(revisions: Sequence[Revision], state: State) -> tuple[ReleaseKnowledge, ...]:
    """The versions that the served releases name."""
    served = [revision for name in (state.stable, state.candidate) if (revision := named(revisions, name))]
    named_ = dict.fromkeys(each for revision in served for each in revision.knowledge.items())
    return tuple(ReleaseKnowledge(name=index, version=version) for index, version in named_)
