"""One engine in place of another, without a declared rollout: nobody waits for the new one while the old one answers."""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.reconcile import farewell
from kefu_operator.rollout import machine
from tests.integration.test_controller.cluster import Cluster, Object
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot, run_chatbot, run_gateways_for
from tests.integration.test_controller.running_pods import run_pods
from tests.integration.test_controller.test_knowledge import publish

UNSCHEDULABLE = {
    "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient nvidia.com/gpu",
}  # fmt: skip


def engines(cluster: Cluster) -> set[str]:
    return {each["metadata"]["name"] for each in cluster.all("deployments", "kefu.dev/engine")}


def served(cluster: Cluster) -> list[tuple[str, int]]:
    """Engine and weight of each variant that the gateway is told of."""
    document = json.loads((cluster.get("configmap", "shop-release") or {})["data"]["release.json"])
    return [(each["release"]["engine"]["name"], each["weight"]) for each in document["variants"]]


def another(parallel: int = 4, **more: Any) -> Object:
    return chatbot(engine={"llamaCpp": {"parallel": parallel}, **more})


def serving(cluster: Cluster, replicas: int = 1) -> str:
    """Let a chatbot answer; its engine."""
    publish(cluster)
    cluster.apply(another(2, replicas=replicas))
    (engine,) = cluster.until(lambda: engines(cluster))
    cluster.run_deployment(engine)
    run_chatbot(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready").get("status") == "True")
    return str(engine)


def moving(cluster: Cluster, *old: str) -> str:
    """The engine of a release on its way, of which the gateways know; its pods are not there yet."""
    (new,) = cluster.until(lambda: engines(cluster) - set(old))
    run_gateways_for(cluster, new)
    return new


def test_another_engine_replaces_the_old_one_when_it_answers(cluster: Cluster, operator: RunningOperator) -> None:
    old = serving(cluster)
    cluster.apply(another())
    (new,) = cluster.until(lambda: engines(cluster) - {old})
    told = cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")
    assert f"engine {new}" in told["message"]
    run_chatbot(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready")["status"] == "True")
    assert engines(cluster) == {old, new}
    assert served(cluster) == [(old, 100), (new, 0)]
    cluster.run_deployment(new)
    cluster.until(lambda: served(cluster) == [(new, 100)])
    cluster.until(lambda: engines(cluster) == {new} and cluster.get("service", old) is None)
    assert cluster.condition("chatbot", "shop", "Released")["status"] == "True"


def test_the_old_engine_answers_until_the_gateways_have_read_of_the_new_one(
    cluster: Cluster, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farewell, "SECONDS", 8)
    old = serving(cluster)
    cluster.apply(another())
    new = moving(cluster, old)
    cluster.run_deployment(new)
    cluster.until(lambda: served(cluster) == [(new, 100)])
    cluster.until_reason("chatbot", "shop", "Released", "Released")
    # Long enough for the operator to see that nobody wants it.
    time.sleep(3)
    assert engines(cluster) == {old, new}
    assert cluster.get("service", old)
    cluster.until(lambda: engines(cluster) == {new} and cluster.get("service", old) is None)


def test_customers_follow_the_pods_of_another_engine_one_by_one(cluster: Cluster, operator: RunningOperator) -> None:
    old = serving(cluster, replicas=3)
    cluster.apply(another(replicas=3))
    new = moving(cluster, old)

    def sizes() -> tuple[int, int]:
        both = (cluster.get("deployment", name) or {"spec": {"replicas": 0}} for name in (old, new))
        first, second = (each["spec"]["replicas"] for each in both)
        return first, second

    for pods, moved in ((1, 33), (2, 66)):
        cluster.until(partial(lambda wanted: sizes() == wanted, (4 - pods, pods)))
        cluster.run_deployment(new)
        cluster.until(partial(lambda wanted: served(cluster) == wanted, [(old, 100 - moved), (new, moved)]))
    cluster.until(lambda: sizes() == (1, 3))
    cluster.run_deployment(new)
    cluster.until(lambda: served(cluster) == [(new, 100)])
    cluster.until(lambda: engines(cluster) == {new})


def test_an_engine_that_answers_nobody_gives_way_at_once(cluster: Cluster, operator: RunningOperator) -> None:
    old = serving(cluster)
    cluster.patch_status("deployment", old, {"readyReplicas": 0, "availableReplicas": 0})
    cluster.until_reason("chatbot", "shop", "EngineReady", "Starting")
    cluster.apply(another())
    cluster.until(lambda: engines(cluster) and old not in engines(cluster))
    (new,) = engines(cluster)
    cluster.until(lambda: served(cluster) == [(new, 100)])


def test_another_spec_meanwhile_and_the_one_before_again(cluster: Cluster, operator: RunningOperator) -> None:
    old = serving(cluster)
    cluster.apply(another())
    (second,) = cluster.until(lambda: engines(cluster) - {old})
    cluster.apply(another(8))
    (third,) = cluster.until(lambda: engines(cluster) - {old, second})
    cluster.until(lambda: engines(cluster) == {old, third})
    cluster.until(lambda: served(cluster) == [(old, 100), (third, 0)])
    cluster.apply(another(2))
    cluster.until(lambda: engines(cluster) == {old})
    cluster.until(lambda: served(cluster) == [(old, 100)])


def test_a_restart_in_between_goes_on(cluster: Cluster, kubeconfig: Path) -> None:
    first = RunningOperator(settings(kubeconfig, cluster.namespace))
    try:
        old = serving(cluster)
        cluster.apply(another())
        (new,) = cluster.until(lambda: engines(cluster) - {old})
        cluster.until_reason("chatbot", "shop", "Released", "WaitingForEngine")
        run_chatbot(cluster)
    finally:
        first.stop()
    cluster.run_deployment(new)
    second = RunningOperator(settings(kubeconfig, cluster.namespace))
    try:
        cluster.until(lambda: served(cluster) == [(new, 100)])
        cluster.until(lambda: engines(cluster) == {new})
    finally:
        second.stop()


def test_where_no_node_has_room_for_both_the_old_one_makes_room_after_a_while(
    cluster: Cluster, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ROOM_SECONDS", 5.0)
    old = serving(cluster)
    cluster.apply(another())
    (new,) = cluster.until(lambda: engines(cluster) - {old})
    template = (cluster.get("deployment", new) or {})["spec"]["template"]
    cluster.make_pod(new, template, {"phase": "Pending", "conditions": [UNSCHEDULABLE]})
    told = cluster.until_reason("chatbot", "shop", "Released", "Unschedulable")
    assert "Insufficient nvidia.com/gpu" in told["message"]
    run_chatbot(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Progressing")["reason"] == "Unschedulable")
    cluster.until(lambda: engines(cluster) == {new})
    assert served(cluster) == [(new, 100)]


def test_an_engine_that_has_no_room_for_its_own_new_pods_costs_the_stable_release_nothing(
    cluster: Cluster, operator: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ROOM_SECONDS", 3.0)
    model = {"uri": "hf://a/b"}
    publish(cluster)
    cluster.apply(chatbot(model=model, engine={"vllm": {}}))
    (engine,) = cluster.until(lambda: engines(cluster))

    def template() -> Object:
        found: Object = (cluster.get("deployment", engine) or {})["spec"]["template"]
        return found

    cluster.make_pod(engine, template(), {"phase": "Pending"}, suffix="old")
    run_pods(cluster)
    cluster.run_deployment(engine)
    run_chatbot(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready").get("status") == "True")
    # The first adapter has its pods replaced, and is another release.
    adapters = [{"name": "voice", "uri": "hf://acme/voice"}]
    cluster.apply(chatbot(model=model | {"adapters": adapters}, engine={"vllm": {}}))
    cluster.until(lambda: len(template()["spec"]["containers"]) == 2)
    cluster.make_pod(engine, template(), {"phase": "Pending", "conditions": [UNSCHEDULABLE]}, suffix="new")
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Released")["status"] == "False")
    time.sleep(6)
    assert served(cluster) == [(engine, 100), (engine, 0)]
