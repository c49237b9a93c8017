"""Shared engines: chatbots of one namespace with equal model and settings use one engine together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.engine import plan_engine
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import Workload


@dataclass(frozen=True)
class SharedEngine:
    """One engine, and the chatbots that want it."""

    workload: Workload
    """With the most replicas that any of them asks for."""
    chatbots: tuple[ChatbotDeployment, ...]


@dataclass(frozen=True)
class Sharing:
    """All engines of a namespace."""

    engines: tuple[SharedEngine, ...]
    unplanned: tuple[ChatbotDeployment, ...]
    """Chatbots whose engine this installation cannot run; each one's own reconcile says why."""


def share_engines(chatbots: Iterable[ChatbotDeployment], placement: Placement, settings: PlanSettings) -> Sharing:
    """Plan the engines that the chatbots of one namespace want."""
    wanted: dict[str, list[tuple[ChatbotDeployment, Workload]]] = defaultdict(list)
    unplanned = []
    for chatbot in sorted(chatbots, key=lambda chatbot: chatbot.metadata.name):
        try:
            workload = plan_engine(chatbot.metadata.name, chatbot.spec, placement, settings).workload
        except PlanError:
            unplanned.append(chatbot)
            continue
        if workload:
            wanted[workload.name].append((chatbot, workload))
    return Sharing(tuple(_together(pairs) for _, pairs in sorted(wanted.items())), tuple(unplanned))


def _together(pairs: list[tuple[ChatbotDeployment, Workload]]) -> SharedEngine:
    first = pairs[0][1]
    most = max(workload.replicas for _, workload in pairs)
    return SharedEngine(replace(first, replicas=most), tuple(chatbot for chatbot, _ in pairs))
