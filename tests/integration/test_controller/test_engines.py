"""Engines are shared by equal chatbots, and live as long as any of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from kefu_operator.plan.settings import ModelVolumes, PlanSettings
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot


def engines(cluster: Cluster) -> list[dict[str, Any]]:
    return cluster.all("deployments", "kefu.dev/engine")


def owners(cluster: Cluster) -> list[list[str]]:
    return [[owner["name"] for owner in found["metadata"]["ownerReferences"]] for found in engines(cluster)]


def test_equal_chatbots_share_one_engine_with_the_most_replicas(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot("shop"), chatbot("outlet", engine={"llamaCpp": {}, "replicas": 3}))
    cluster.until(lambda: owners(cluster) == [["outlet", "shop"]])
    assert engines(cluster)[0]["spec"]["replicas"] == 3
    references = engines(cluster)[0]["metadata"]["ownerReferences"]
    assert not any(reference["blockOwnerDeletion"] or reference["controller"] for reference in references)


def test_deleting_one_sharer_leaves_the_engine_running(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot("shop"), chatbot("outlet", engine={"llamaCpp": {}, "replicas": 3}))
    cluster.until(lambda: owners(cluster) == [["outlet", "shop"]])
    uid = engines(cluster)[0]["metadata"]["uid"]
    cluster.run("delete", "chatbot/outlet")
    cluster.until(lambda: owners(cluster) == [["shop"]])
    assert engines(cluster)[0]["metadata"]["uid"] == uid
    assert cluster.until(lambda: engines(cluster)[0]["spec"]["replicas"] == 1)
    cluster.run("delete", "chatbot/shop")
    assert cluster.until(lambda: not engines(cluster))
    # A volume that is in use would go later: Kubernetes protects it by a finalizer.
    cluster.until(
        lambda: all("deletionTimestamp" in found["metadata"] for found in cluster.all("pvc", "kefu.dev/engine"))
    )


def test_several_pods_of_an_engine_leave_a_node_one_by_one_and_a_single_one_has_no_budget(
    cluster: Cluster, operator: RunningOperator
) -> None:
    def budgets() -> list[dict[str, Any]]:
        return cluster.all("pdb", "kefu.dev/engine")

    cluster.apply(chatbot(engine={"llamaCpp": {}, "replicas": 2}))
    (made,) = cluster.until(budgets)
    (engine,) = engines(cluster)
    assert made["spec"]["maxUnavailable"] == 1
    assert made["spec"]["selector"] == engine["spec"]["selector"]
    cluster.apply(chatbot(engine={"llamaCpp": {}, "replicas": 1}))
    cluster.until(lambda: not budgets())
    assert engines(cluster)[0]["spec"]["replicas"] == 1


def test_a_mistake_in_the_spec_tears_nothing_down(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot())
    cluster.until(lambda: len(engines(cluster)) == 1)
    cluster.until(lambda: cluster.get("deployment", "shop-gateway"))
    wrong = chatbot(model={"uri": "hf://org/repo"}, engine={"vllm": {}, "accelerator": {"class": "warp"}})
    cluster.replace(wrong)
    condition = cluster.until_reason("chatbot", "shop", "Ready", "UnknownAccelerator")
    assert "'warp'" in condition["message"]
    assert "nvidia" in condition["message"]
    assert cluster.condition("chatbot", "shop", "Stalled")["status"] == "True"
    assert len(engines(cluster)) == 1
    assert cluster.get("deployment", "shop-gateway")


def test_a_model_in_an_image_is_mounted_by_the_api_server_that_can(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot(model={"uri": "oci://registry.example/models/q4:v1", "path": "q4.gguf"}))
    made = cluster.until(lambda: engines(cluster))[0]["spec"]["template"]["spec"]
    images = [volume["image"]["reference"] for volume in made["volumes"] if "image" in volume]
    assert images == ["registry.example/models/q4:v1"]
    assert "initContainers" not in made


def test_two_engines_share_the_volume_of_their_model_where_it_can_be_shared(cluster: Cluster, kubeconfig: Path) -> None:
    plan = PlanSettings(volumes=ModelVolumes("nfs", shared=True))
    running = RunningOperator(replace(settings(kubeconfig, cluster.namespace), plan=plan))
    try:
        cluster.apply(chatbot("shop"), chatbot("outlet", engine={"llamaCpp": {"parallel": 4}}))

        def of(volume: dict[str, Any]) -> list[str]:
            return [owner["name"] for owner in volume["metadata"]["ownerReferences"]]

        cluster.until(lambda: [of(each) for each in cluster.all("pvc", "kefu.dev/engine")] == [["outlet", "shop"]])
        (volume,) = cluster.all("pvc", "kefu.dev/engine")
        cluster.until(lambda: len(engines(cluster)) == 2)
        mounted = [
            {
                each["persistentVolumeClaim"]["claimName"]
                for each in found["spec"]["template"]["spec"]["volumes"]
                if "persistentVolumeClaim" in each
            }
            for found in engines(cluster)
        ]
        name = volume["metadata"]["name"]
        assert mounted == [{name}, {name}]
        assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
        cluster.run("delete", "chatbot/outlet")
        cluster.until(lambda: of(cluster.get("pvc", name) or {}) == ["shop"])
    finally:
        running.stop()


def test_one_more_adapter_is_one_more_line_of_the_engines_list(cluster: Cluster, operator: RunningOperator) -> None:
    def model(*adapters: str) -> dict[str, Any]:
        return {"uri": "hf://a/b", "adapters": [{"name": name, "uri": f"hf://acme/{name}"} for name in adapters]}

    def listed() -> list[str]:
        found = cluster.all("configmaps", "kefu.dev/engine")
        held = json.loads(found[0]["data"]["adapters.json"])["adapters"] if found else []
        return [adapter["uri"] for adapter in held]

    cluster.apply(chatbot("shop", engine={"vllm": {}}, model=model("voice")))
    cluster.until(lambda: listed() == ["hf://acme/voice"])
    (before,) = cluster.until(lambda: engines(cluster))
    cluster.apply(chatbot("outlet", engine={"vllm": {}}, model=model("outlet")))
    cluster.until(lambda: listed() == ["hf://acme/outlet", "hf://acme/voice"])
    cluster.until(lambda: owners(cluster) == [["outlet", "shop"]])
    (after,) = engines(cluster)
    assert after["spec"]["template"] == before["spec"]["template"]
    cluster.run("delete", "chatbot/outlet")
    cluster.until(lambda: listed() == ["hf://acme/voice"])
