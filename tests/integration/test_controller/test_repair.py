"""Changes by others that server-side apply cannot undo are undone all the same, and leave nothing behind."""

import json
import time
from typing import Any

import pytest

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot_only

Patch = list[dict[str, Any]]

CONTAINER = "/spec/template/spec/containers/0"

# What others do, by sentence: kind, JSON patch, and the path at which our value must come back.
CHANGES: dict[str, tuple[str, Patch]] = {
    "another number of a Service's port": (
        "service", [{"op": "replace", "path": "/spec/ports/0/port", "value": 8081}]),
    "another protocol of a Service's port": (
        "service", [{"op": "replace", "path": "/spec/ports/0/protocol", "value": "UDP"}]),
    "another number of a container's port": (
        "deployment", [{"op": "replace", "path": f"{CONTAINER}/ports/0/containerPort", "value": 9999}]),
    "another kind of volume": (
        "deployment", [{"op": "replace", "path": "/spec/template/spec/volumes/0",
                        "value": {"name": None, "hostPath": {"path": "/etc"}}}]),
    "another kind of probe": (
        "deployment", [{"op": "replace", "path": f"{CONTAINER}/readinessProbe", "value": {"exec": {"command": ["true"]}}}]),
}  # fmt: skip


def content(cluster: Cluster, kind: str) -> Any:
    spec = dict((cluster.get(kind, "shop-gateway") or {})["spec"])
    spec.pop("replicas", None)
    return spec


def entries(cluster: Cluster, kind: str) -> list[tuple[str, str]]:
    found = cluster.get(kind, "shop-gateway") or {}
    return [(each["manager"], each["operation"]) for each in found["metadata"]["managedFields"]
            if not each.get("subresource") and each["manager"] == "kefu-operator"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_be_applied_is_replaced(cluster: Cluster, operator: RunningOperator, change: str) -> None:
    kind, patch = CHANGES[change]
    chatbot_only(cluster)
    before = content(cluster, kind)
    if change == "another kind of volume":
        patch[0]["value"]["name"] = before["template"]["spec"]["volumes"][0]["name"]
    cluster.run("patch", f"{kind}/shop-gateway", "--type=json", "-p", json.dumps(patch))
    started = time.monotonic()
    cluster.until(lambda: content(cluster, kind) == before)
    print(f"{change}: repaired after {time.monotonic() - started:.2f} s")
    cluster.until(lambda: entries(cluster, kind) == [("kefu-operator", "Apply")])
    cluster.until_reason("chatbot", "shop", "GatewayReady", "Running" if kind == "service" else "RollingOut")


def test_a_repair_leaves_the_replicas_to_the_autoscaler(cluster: Cluster, operator: RunningOperator) -> None:
    chatbot_only(cluster)
    cluster.run("scale", "deployment/shop-gateway", "--replicas=4")
    change = [{"op": "replace", "path": f"{CONTAINER}/ports/0/containerPort", "value": 9999}]
    cluster.run("patch", "deployment/shop-gateway", "--type=json", "-p", json.dumps(change))
    cluster.until(lambda: content(cluster, "deployment")["template"]["spec"]["containers"][0]["ports"][0]
                  ["containerPort"] != 9999)  # fmt: skip
    assert (cluster.get("deployment", "shop-gateway") or {})["spec"]["replicas"] == 4


def test_after_a_repair_nothing_more_is_written(cluster: Cluster, operator: RunningOperator) -> None:
    chatbot_only(cluster)
    patch = CHANGES["another number of a Service's port"][1]
    before = content(cluster, "service")
    cluster.run("patch", "service/shop-gateway", "--type=json", "-p", json.dumps(patch))
    cluster.until(lambda: content(cluster, "service") == before)
    cluster.until(lambda: entries(cluster, "service") == [("kefu-operator", "Apply")])
    time.sleep(1)
    since = cluster.audit_end
    cluster.run("annotate", "service/shop-gateway", "nudge=1")
    time.sleep(2)
    assert cluster.writes(since) == []
