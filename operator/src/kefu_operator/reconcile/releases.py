"""What is served of a chatbot's releases, and what they need: read from the facts of one reconcile."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_api.kinds.rollout import ReleaseKnowledge
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.gather.chatbot import ChatbotFacts
from kefu_operator.gather.owned import find
from kefu_operator.plan.chatbot import ReleasePlan, plan_release
from kefu_operator.plan.content import with_content
from kefu_operator.plan.demand import demand_of
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.resources import DEPLOYMENTS
from kefu_operator.rollout.knowledge import are_held
from kefu_operator.rollout.pods import SURGE, Pods
from kefu_operator.rollout.revisions import Revision, named
from kefu_operator.rollout.state import State
from kefu_operator.status.adapter_checks import check_adapters
from kefu_operator.status.chatbot_checks import check_engine, check_knowledge
from kefu_operator.status.check import Check
from kefu_operator.status.reasons import Reason
from kefu_operator.status.scaling_checks import is_asleep
from kefu_operator.status.workload_checks import available_pods, check_refusals, is_rolled_out


def answers(plan: ReleasePlan, stable: ReleasePlan | None, facts: ChatbotFacts) -> bool:
    """Whether the release's engine answers, with its adapters; one that somebody else runs is taken to.

    So is the stable release's while it sleeps: whoever asks wakes it, for either release.
    """
    if plan.engine.workload is None:
        return True
    engine = facts.engine_of(plan.engine.workload.name)
    if _is_one(plan, stable) and stable and is_asleep(engine.runner, engine.scaler):
        return plan.engine.adapters.keys() <= stable.engine.adapters.keys()
    return _available(plan, facts) > 0 and not check_adapters(plan.engine.adapters, engine.pods, engine.lacking)


def lacks(plan: ReleasePlan, stable: ReleasePlan | None, facts: ChatbotFacts) -> tuple[Check, ...]:
    """Of the indexes that this release draws from and the stable one does not, those that do not answer yet."""
    if stable is None:
        return ()
    known = {index.name for index in stable.document.knowledge}
    new = (index.name for index in plan.document.knowledge if index.name not in known)
    return tuple(check for check in check_knowledge(new, facts.indexes) if not check.verdict.answers)


def is_known(plan: ReleasePlan, stable: ReleasePlan | None, facts: ChatbotFacts) -> bool:
    """Whether the gateways that answer can serve the release: what they mount and whom they may call, only other pods of theirs have otherwise.

    It must have been told of in their document before, so that the pods that come are such.
    """
    needs = _needs(plan)
    runner = find(facts.owned, DEPLOYMENTS, naming.gateway(facts.chatbot.metadata.name))
    if runner is None or not available_pods(runner) or (stable and needs <= _needs(stable)):
        return True
    template = runner["spec"]["template"]
    mounted = {each["name"] for each in template["spec"].get("volumes", ())}
    return needs <= mounted.union(template["metadata"].get("labels", {})) and is_rolled_out(runner)


def _needs(plan: ReleasePlan) -> frozenset[str]:
    """Labels and volumes of a gateway's pods."""
    mounts = (*plan.engine.gateway_mounts, *plan.handoff.gateway_mounts)
    return frozenset((*map(naming.uses, plan.called), *(mount.name for mount in mounts)))


def is_kept(plan: ReleasePlan | None, facts: ChatbotFacts) -> bool:
    """Whether customers would miss this release: its engine answers, or would wake for them."""
    if plan is None or plan.engine.workload is None:
        return plan is not None
    engine = facts.engine_of(plan.engine.workload.name)
    return _available(plan, facts) > 0 or is_asleep(engine.runner, engine.scaler)


def is_cramped(plan: ReleasePlan, stable: ReleasePlan, facts: ChatbotFacts, board: RefusalBoard, now: datetime) -> bool:
    """Whether there is no room for the release's engine beside the stable one: on no node, or not within the namespace's quota."""
    if _is_one(plan, stable):
        # Its pods make way for one another by themselves, and the stable release need not go for them.
        return False
    refusals = board.of_engine(facts.chatbot.metadata.namespace, plan.engine.workload)
    checks = (*check_refusals(refusals), check_engine(plan.engine, facts, now))
    return any(check.reason in (Reason.UNSCHEDULABLE, Reason.QUOTA_EXCEEDED) for check in checks)


def pods_of_engine(plan: ReleasePlan, stable: ReleasePlan | None, facts: ChatbotFacts, given: int) -> Pods:
    """What the release's engine has of pods, for the rollout to weigh; `given`: those that it was given until now."""
    before = stable.engine.workload if stable else None
    available, demand = _available(plan, facts), demand_of(facts.chatbot.spec)
    if plan.engine.workload is None or _is_one(plan, stable):
        return Pods(available=available, free=True)
    if demand is None:
        return Pods(facts.chatbot.spec.engine.replicas, available)
    runner = facts.engine_of(before.name).runner if before else None
    # Those that the stable engine gave up for this one answered too, before an autoscaler came.
    now = (runner or {}).get("spec", {}).get("replicas", 1) + max(given - SURGE, 0)
    return Pods(min(demand.maximum, max(demand.minimum, now, 1)), available, elastic=True)


def _is_one(plan: ReleasePlan, stable: ReleasePlan | None) -> bool:
    """Whether one engine serves both releases."""
    ours, before = plan.engine.workload, stable.engine.workload if stable else None
    return bool(ours and before and ours.name == before.name)


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
    """Of the indexes that releases draw from, those that tell how they are."""
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
