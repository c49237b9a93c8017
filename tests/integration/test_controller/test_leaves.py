"""A status names the leaf that fails; the test writes what a kubelet would."""

import json
from typing import Any

from kefu_operator.resources import DEPLOYMENTS
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot, config_map, endpoint_chatbot, index
from tests.integration.test_controller.test_objects import bring_up
from tests.integration.test_controller.unanswered import unanswered_webhook


def engine(cluster: Cluster) -> dict[str, Any]:
    return dict(cluster.until(lambda: cluster.all("deployments", "kefu.dev/engine"))[0])


def container(name: str, **state: Any) -> dict[str, Any]:
    return {"name": name, "image": "kefu.local/x:dev", "imageID": "", "ready": False, "restartCount": 0, "state": state}


def scheduled() -> dict[str, Any]:
    return {"type": "PodScheduled", "status": "True"}


def test_an_image_that_cannot_be_pulled(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot())
    found = cluster.until(lambda: cluster.get("deployment", "shop-gateway"))
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
    status = {
        "phase": "Pending",
        "conditions": [scheduled()],
        "containerStatuses": [container("gateway", waiting=waiting)],
    }
    cluster.make_pod("shop-gateway", found["spec"]["template"], status)
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "ImagePullBackOff")
    assert "kefu.local/x:dev" in condition["message"]
    assert "shop-gateway-0" in condition["message"]
    assert cluster.condition("chatbot", "shop", "Stalled")["status"] == "True"


def test_a_model_with_the_wrong_checksum(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot(), index(), config_map())
    found = engine(cluster)
    words = json.dumps({"reason": "ModelChecksumMismatch", "message": "expected aa, got bb"})
    ended = {"exitCode": 65, "reason": "Error", "message": words}
    status = {
        "phase": "Pending",
        "conditions": [scheduled()],
        "initContainerStatuses": [container("fetch", terminated=ended)],
    }
    cluster.make_pod(found["metadata"]["name"], found["spec"]["template"], status)
    condition = cluster.until_reason("chatbot", "shop", "EngineReady", "ModelChecksumMismatch")
    assert "expected aa, got bb" in condition["message"]


def test_a_pod_that_no_node_takes(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(chatbot(), index(), config_map())
    found = engine(cluster)
    said = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: none"
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
    cluster.make_pod(
        found["metadata"]["name"], found["spec"]["template"], {"phase": "Pending", "conditions": [unscheduled]}
    )
    condition = cluster.until_reason("chatbot", "shop", "Ready", "Unschedulable")
    assert "not enough nvidia.com/gpu" in condition["message"]


def test_a_secret_of_the_users_that_does_not_exist(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot(access={"apiKeysSecret": {"name": "customers"}}))
    found = cluster.until(lambda: cluster.get("deployment", "shop-gateway"))
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "mount", "namespace": cluster.namespace},
        "involvedObject": {"kind": "Pod", "name": "shop-gateway-0", "namespace": cluster.namespace}, "type": "Warning",
        "reason": "FailedMount", "lastTimestamp": "2026-01-01T00:00:00Z",
        "message": 'MountVolume.SetUp failed for volume "keys" : secret "customers" not found',
    }  # fmt: skip
    cluster.apply(event)
    waiting = container("gateway", waiting={"reason": "ContainerCreating"})
    status = {"phase": "Pending", "conditions": [scheduled()], "containerStatuses": [waiting]}
    cluster.make_pod("shop-gateway", found["spec"]["template"], status)
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "SecretNotFound")
    assert "Secret customers" in condition["message"]


def test_a_quota_that_refuses_an_object(cluster: Cluster, operator: RunningOperator) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"},
             "spec": {"hard": {"count/deployments.apps": "0"}}}  # fmt: skip
    cluster.apply(quota)
    cluster.run("patch", "resourcequota/tight", "--subresource=status", "--type=merge", "-p",
                json.dumps({"status": {"hard": {"count/deployments.apps": "0"}, "used": {"count/deployments.apps": "0"}}}))  # fmt: skip
    cluster.apply(endpoint_chatbot())
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "QuotaExceeded")
    assert "tight" in condition["message"]


def test_a_quota_that_refuses_the_second_of_two_pods(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    cluster.run("scale", "deployment/shop-gateway", "--replicas=2")
    found = cluster.get("deployment", "shop-gateway") or {}
    # As the Deployment controller tells it.
    refusal = (
        'pods "shop-gateway-1" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=1, limited: pods=1'
    )
    moment = {"lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal, **moment}
    told = {"observedGeneration": found["metadata"]["generation"], "replicas": 1, "updatedReplicas": 1,
            "readyReplicas": 1, "availableReplicas": 1}  # fmt: skip
    cluster.patch_status("deployment", "shop-gateway", {**told, "conditions": [failure]})
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "Degraded")
    assert condition["status"] == "True"
    assert "the gateway: 1/2 pods are ready; QuotaExceeded: " in condition["message"]
    assert "limited: pods=1" in condition["message"]
    assert cluster.condition("chatbot", "shop", "Ready")["reason"] == "Degraded"
    assert cluster.condition("chatbot", "shop", "Stalled")["status"] == "False"
    cluster.run("wait", "--for=condition=Ready", "chatbot/shop", "--timeout=1s")
    event = cluster.until(lambda: next((each for each in cluster.all("events") if each["reason"] == "Degraded"), None))
    assert (event["type"], event["message"]) == ("Warning", condition["message"])
    cluster.run_deployment("shop-gateway")
    cluster.patch_status("deployment", "shop-gateway", {"conditions": None})
    cluster.until_reason("chatbot", "shop", "Ready", "Ready")


def test_a_webhook_that_does_not_answer_for_one_kind_keeps_no_other_object_back(
    cluster: Cluster, operator: RunningOperator
) -> None:
    probe = ("create", "deployment", "probe", "--image=x", "--dry-run=server")
    with unanswered_webhook(cluster, DEPLOYMENTS):
        cluster.until(lambda: not cluster.run(*probe, check=False))
        cluster.apply(endpoint_chatbot())
        condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "Creating")
        assert "an admission webhook does not answer" in condition["message"]
        # What is written after the gateway's Deployment.
        cluster.until(lambda: cluster.get("poddisruptionbudget", "shop-gateway"))
        assert cluster.get("statefulset", "shop-redis")
        assert cluster.get("deployment", "shop-gateway") is None
    cluster.until(lambda: cluster.get("deployment", "shop-gateway"))


def test_a_quota_that_refuses_a_pod_of_a_stateful_set(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(endpoint_chatbot())
    found = cluster.until(lambda: cluster.get("statefulset", "shop-redis"))
    about = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "shop-redis", "namespace": cluster.namespace,
             "uid": found["metadata"]["uid"]}  # fmt: skip
    # As the StatefulSet controller tells it: by an event, and by no condition.
    cluster.apply({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "shop-redis.refused"}, "involvedObject": about,
        "type": "Warning", "reason": "FailedCreate", "lastTimestamp": "2026-01-01T00:00:00Z",
        "message": 'create Pod shop-redis-0 in StatefulSet shop-redis failed error: pods "shop-redis-0" is forbidden: '
                   "exceeded quota: tight, requested: pods=1, used: pods=0, limited: pods=0",
    })  # fmt: skip
    cluster.patch_status(
        "statefulset", "shop-redis", {"observedGeneration": found["metadata"]["generation"], "replicas": 0}
    )
    condition = cluster.until_reason("chatbot", "shop", "GatewayReady", "QuotaExceeded")
    assert "limited: pods=0" in condition["message"]
    cluster.run_deployment("shop-redis", "statefulset")
    cluster.until_reason("chatbot", "shop", "GatewayReady", "Starting")


def test_an_event_tells_once_that_ready_was_lost(cluster: Cluster, operator: RunningOperator) -> None:
    bring_up(cluster)
    gone = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 0, "availableReplicas": 0}
    cluster.patch_status("deployment", "shop-gateway", gone)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "Ready").get("status") == "False")
    cluster.run("annotate", "deployment/shop-gateway", "nudge=1")

    def told() -> list[str]:
        ours = [each for each in cluster.all("events") if each["source"].get("component") == "kefu-operator"]
        return sorted(each["type"] for each in ours if each["involvedObject"]["kind"] == "ChatbotDeployment")

    assert cluster.until(lambda: "Warning" in told())
    assert told() == ["Normal", "Warning"]
