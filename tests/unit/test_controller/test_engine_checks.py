"""Checks of an engine whose pods are replaced one by one, with the adapters that it is to have."""

from datetime import UTC, datetime
from typing import Any

from kefu_operator.adapters.told import State
from kefu_operator.gather.chatbot import ChatbotFacts, EngineView
from kefu_operator.kinds import Kinds
from kefu_operator.plan.chatbot import plan_chatbot
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.pods import PodView
from kefu_operator.status.chatbot_checks import check_engine
from kefu_operator.status.check import Check
from tests.unit.test_plan.objects import chatbot

BOT = chatbot({"model": {"uri": "hf://a/b", "adapters": [{"name": "deep", "uri": "hf://acme/deep", "rank": 64}]}})
PLAN = plan_chatbot(BOT, ClusterPlacement("acme"), PlanSettings()).engine


def told(reason: str, *, updated: int) -> Check:
    """Of an engine of two pods, one of which says why it has not the adapter."""
    assert PLAN.workload is not None
    (name,) = PLAN.adapters
    status = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": updated, "availableReplicas": 2}
    runner: dict[str, Any] = {
        "kind": "Deployment",
        "metadata": {"generation": 2},
        "spec": {"replicas": 2},
        "status": status,
    }
    states = (State(frozenset({name})), State(failed={name: (reason, "because")}))
    pods = tuple(PodView(f"p{number}", ready=True, log_line=state.line()) for number, state in enumerate(states))
    facts = ChatbotFacts({}, BOT, (), (), {PLAN.workload.name: EngineView(runner, pods)}, {}, False, Kinds())
    return check_engine(PLAN, facts, datetime.now(UTC))


def test_what_a_pod_refuses_that_is_to_be_replaced_is_left_to_its_successor() -> None:
    assert told("AdapterRefused", updated=1).reason == "RollingOut"
    assert told("AdapterRefused", updated=2).reason == "AdapterRefused"


def test_what_cannot_be_fetched_is_told_at_once() -> None:
    assert told("ModelNotFound", updated=1).reason == "AdapterNotFetched"
