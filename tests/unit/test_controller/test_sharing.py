"""Which engines of a namespace may go, and which stay although nobody can be asked."""

from typing import Any

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.gather.engines import EngineFacts
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import Sharing, share_engines
from kefu_operator.reconcile.engines import unwanted


def chatbot(name: str, replicas: int = 1, **engine: Any) -> ChatbotDeployment:
    uri = "hf://org/repo" if engine else "https://x/m.gguf"
    return ChatbotDeployment.model_validate(
        {
            "apiVersion": "kefu.dev/v1alpha1",
            "kind": "ChatbotDeployment",
            "metadata": {"name": name, "namespace": "acme", "uid": f"uid-{name}"},
            "spec": {
                "model": {"uri": uri},
                "engine": {**(engine or {"llamaCpp": {}}), "replicas": replicas},
                "knowledge": [{"name": "shop"}],
            },
        }
    )


def share(*chatbots: ChatbotDeployment) -> Sharing:
    return share_engines(chatbots, ClusterPlacement("acme"), PlanSettings())


def deployment(engine: str, *owners: str) -> dict[str, Any]:
    references = [{"uid": f"uid-{owner}"} for owner in owners]
    return {"metadata": {"name": engine, "labels": {"kefu.dev/engine": engine}, "ownerReferences": references}}


def left(sharing: Sharing, *owned: dict[str, Any], unreadable: frozenset[str] = frozenset()) -> list[str]:
    found = unwanted(EngineFacts((), unreadable, owned), sharing)
    return [each["metadata"]["name"] for each in found]


def test_equal_chatbots_have_one_engine_with_the_most_replicas() -> None:
    sharing = share(chatbot("a", 1), chatbot("b", 4))
    assert [(engine.workload.replicas, len(engine.chatbots)) for engine in sharing.engines] == [(4, 2)]


def test_an_engine_that_is_wanted_stays_and_one_that_is_not_goes() -> None:
    sharing = share(chatbot("a"))
    wanted = sharing.engines[0].workload.name
    assert left(sharing, deployment(wanted, "a"), deployment("engine-old", "a")) == ["engine-old"]


def test_what_a_chatbot_used_stays_while_its_spec_cannot_be_planned() -> None:
    sharing = share(chatbot("a", vllm={}, accelerator={"class": "warp"}))
    assert [chatbot.metadata.name for chatbot in sharing.unplanned] == ["a"]
    assert left(sharing, deployment("engine-old", "a"), deployment("engine-other", "b")) == ["engine-other"]


def test_what_a_chatbot_used_stays_while_its_spec_cannot_be_read() -> None:
    found = left(share(), deployment("engine-old", "a"), unreadable=frozenset({"uid-a"}))
    assert found == []
