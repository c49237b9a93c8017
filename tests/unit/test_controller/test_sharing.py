"""Who shares an engine, when it may go, and when it stays although nobody can be asked."""

from typing import Any

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.gather.engines import EngineFacts
from kefu_operator.informers.engines import engine_index
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import ModelVolumes, PlanSettings
from kefu_operator.plan.sharing import Sharing, share_engines, shared_claims
from kefu_operator.plan.workload import VolumeMount
from kefu_operator.reconcile.engines import unwanted


def chatbot(name: str, replicas: int = 1, size: str = "40Gi", **engine: Any) -> ChatbotDeployment:
    uri = "hf://org/repo" if engine else "https://x/m.gguf"
    return ChatbotDeployment.model_validate(
        {
            "apiVersion": "kefu.dev/v1alpha1",
            "kind": "ChatbotDeployment",
            "metadata": {"name": name, "namespace": "acme", "uid": f"uid-{name}"},
            "spec": {
                "model": {"uri": uri, "size": size},
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


def left(*owners: ChatbotDeployment | dict[str, Any], owned: list[dict[str, Any]]) -> list[str]:
    """What of an engine that nobody wants may go."""
    found = [
        owner if isinstance(owner, dict) else owner.model_dump(by_alias=True, exclude_none=True) for owner in owners
    ]
    facts = EngineFacts((), tuple(found), tuple(owned), image_volumes=True)
    doomed, again = unwanted(facts, ClusterPlacement("acme"), PlanSettings())
    assert len(doomed) == len(owned) or again
    return [each["metadata"]["name"] for each in doomed]


def test_equal_chatbots_have_one_engine_with_the_most_replicas() -> None:
    sharing = share(chatbot("a", 1), chatbot("b", 4))
    assert [(engine.workload.replicas, len(engine.chatbots)) for engine in sharing.engines] == [(4, 2)]


def test_an_engine_goes_when_its_owners_want_another_or_are_gone() -> None:
    assert left(chatbot("a"), owned=[deployment("old", "a")]) == ["old"]
    assert left(owned=[deployment("old", "a")]) == ["old"]


def test_what_a_chatbot_used_stays_while_its_spec_cannot_be_planned() -> None:
    unplanned = chatbot("a", vllm={}, accelerator={"class": "warp"})
    assert [each.metadata.name for each in share(unplanned).unplanned] == ["a"]
    assert left(unplanned, owned=[deployment("old", "a"), deployment("other", "b")]) == ["other"]


def test_what_a_chatbot_used_stays_while_its_spec_cannot_be_read() -> None:
    unreadable = {"metadata": {"name": "a", "namespace": "acme", "uid": "uid-a"}, "spec": {"nope": 1}}
    assert left(unreadable, owned=[deployment("old", "a", "b")]) == []


SHARED = PlanSettings(volumes=ModelVolumes("nfs", shared=True))
SHORT = {"maxModelLen": 4096}


def test_two_engines_of_one_model_read_one_volume_where_all_nodes_can_mount_it() -> None:
    pair = [chatbot("a", vllm={}), chatbot("b", vllm=SHORT)]
    sharing = share_engines(pair, ClusterPlacement("acme"), SHARED)
    assert len(sharing.engines) == 2
    (volume,) = sharing.volumes
    assert [each.metadata.name for each in volume.chatbots] == ["a", "b"]
    assert {shared_claims(engine.workload) for engine in sharing.engines} == {(volume.mount.claim,)}


def test_a_shared_volume_has_the_largest_size_that_is_asked_for() -> None:
    pair = [chatbot("a", vllm={}), chatbot("b", size="1Ti", vllm={})]
    sharing = share_engines(pair, ClusterPlacement("acme"), SHARED)
    (volume,) = sharing.volumes
    assert volume.mount.size == "1Ti"
    assert engine_index(SHARED).of(pair[0].model_dump(by_alias=True, exclude_none=True))[1:] == (volume.mount.claim,)


def test_otherwise_each_engine_has_a_volume_of_its_own() -> None:
    sharing = share(chatbot("a", vllm={}), chatbot("b", vllm=SHORT))
    assert sharing.volumes == ()
    claims = {m.claim for e in sharing.engines for m in e.workload.container.mounts if isinstance(m, VolumeMount)}
    assert claims == {f"{engine.workload.name}-model" for engine in sharing.engines}
