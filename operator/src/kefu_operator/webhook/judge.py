"""What is wrong with an object in its namespace and this installation, and what may be. Pure.

Only what can never work is refused. What may come later, such as an index that is applied after its chatbot, is a warning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import share_engines

MOST_WARNINGS = 10
"""kubectl prints each."""


@dataclass(frozen=True)
class Neighbourhood:
    """What an object's namespace holds."""

    chatbots: tuple[ChatbotDeployment, ...] = ()
    """Those that stand, the judged one as it was included."""
    indexes: frozenset[str] = frozenset()
    quotas: Mapping[str, int] | None = None
    """The most of each extended resource, as ResourceQuotas say it."""


@dataclass(frozen=True)
class Judgement:
    """What to answer."""

    refusal: str = ""
    """Names the field and the remedy; empty where the object is let in."""
    warnings: tuple[str, ...] = ()


def judge_chatbot(chatbot: ChatbotDeployment, around: Neighbourhood, settings: PlanSettings) -> Judgement:
    """Judge a chatbot that is to be made or changed."""
    placement = ClusterPlacement(chatbot.metadata.namespace)
    try:
        plan_chatbot(chatbot, placement, settings)
    except PlanError as error:
        return Judgement(str(error))
    others = [other for other in around.chatbots if other.metadata.name != chatbot.metadata.name]
    before = _devices(around.chatbots, settings)
    after = _devices([*others, chatbot], settings)
    for resource, most in sorted((around.quotas or {}).items()):
        # What exceeds it already may be changed, as long as it does not ask for more.
        if after.get(resource, 0) > max(most, before.get(resource, 0)):
            return Judgement(_too_many(resource, most, before.get(resource, 0), after[resource]))
    absent = [reference.name for reference in chatbot.spec.knowledge if reference.name not in around.indexes]
    warnings = (
        f"spec.knowledge: KnowledgeIndex {name} does not exist; the chatbot is ready once it is applied"
        for name in absent
    )
    return Judgement(warnings=tuple(warnings)[:MOST_WARNINGS])


def judge_index_removal(name: str, around: Neighbourhood) -> Judgement:
    """Judge the deletion of an index: it is let go, and those that name it are named."""
    users = sorted(each.metadata.name for each in around.chatbots if name in {ref.name for ref in each.spec.knowledge})
    if not users:
        return Judgement()
    named = ", ".join(users[:5]) + (f" and {len(users) - 5} more" if len(users) > 5 else "")
    return Judgement(warnings=(f"chatbots {named} name this index in spec.knowledge and are not ready without it",))


def _devices(chatbots: Iterable[ChatbotDeployment], settings: PlanSettings) -> dict[str, int]:
    """How many of each extended resource the engines of a namespace ask for; shared ones count once."""
    found: dict[str, int] = {}
    chatbots = tuple(chatbots)
    if not chatbots:
        return found
    placement = ClusterPlacement(chatbots[0].metadata.namespace)
    for engine in share_engines(chatbots, placement, settings).engines:
        workload = engine.workload
        pods = workload.replicas * (workload.group.size if workload.group else 1)
        for resource, count in workload.container.compute.devices.items():
            found[resource] = found.get(resource, 0) + count * pods
    return found


def _too_many(resource: str, most: int, before: int, after: int) -> str:
    return (
        f"spec.engine: the engines of this namespace would ask for {after} {resource}, now {before}, and its ResourceQuota "
        f"lets it have {most}: ask for fewer replicas or devices, share an engine with another chatbot, or raise the quota"
    )
