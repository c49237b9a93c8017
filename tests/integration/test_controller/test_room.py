"""Another image of an engine: the controller of Deployments replaces its pods as there is room for one more, or is not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hack.cluster.apiserver import ControlPlane

from kefu_operator import room
from kefu_operator.desired.images import DEFAULTS, Images
from tests.integration.test_controller.chart import install_chart
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot
from tests.integration.test_controller.running_pods import engine_pods, run_pods

UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient memory"}


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=True) as started:
        install_chart(Cluster(started, "default"))
        yield started


@pytest.fixture(scope="module")
def kubeconfig(plane: ControlPlane) -> Path:
    return plane.user(OPERATOR_USER)


@contextmanager
def engine(image: str, cluster: Cluster, kubeconfig: Path) -> Iterator[None]:
    """An operator of whose installation llama.cpp has that image."""
    running = RunningOperator(
        replace(settings(kubeconfig, cluster.namespace), images=Images({**DEFAULTS, "llamaCpp": image}))
    )
    try:
        cluster.until(lambda: running.is_ready)
        yield
    finally:
        running.stop()


def serve(cluster: Cluster, kubeconfig: Path, replicas: int = 1) -> None:
    """Let an engine answer, and its operator go."""
    with engine("llamacpp:1", cluster, kubeconfig):
        cluster.apply(chatbot(engine={"llamaCpp": {}, "replicas": replicas}))
        cluster.until(lambda: images(cluster) == ["llamacpp:1"] * replicas)
        run_pods(cluster)
        cluster.until(lambda: deployment(cluster)["status"].get("availableReplicas") == replicas)


def images(cluster: Cluster) -> list[str]:
    """Of the engine's pods."""
    return sorted(each["spec"]["containers"][0]["image"] for each in engine_pods(cluster).values())


def new_pod(cluster: Cluster) -> str:
    found = engine_pods(cluster).items()
    return next(name for name, each in found if each["spec"]["containers"][0]["image"] == "llamacpp:2")


def deployment(cluster: Cluster) -> Object:
    (found,) = cluster.all("deployments", "kefu.dev/engine")
    return found


def surge(cluster: Cluster) -> int:
    return int(deployment(cluster)["spec"]["strategy"]["rollingUpdate"]["maxSurge"])


def test_with_room_a_new_pod_answers_before_the_old_one_goes(cluster: Cluster, kubeconfig: Path) -> None:
    serve(cluster, kubeconfig)
    with engine("llamacpp:2", cluster, kubeconfig):
        cluster.until(lambda: images(cluster) == ["llamacpp:1", "llamacpp:2"])
        cluster.until(lambda: deployment(cluster)["status"].get("replicas") == 2)
        assert deployment(cluster)["status"]["availableReplicas"] == 1
        run_pods(cluster)
        cluster.until(lambda: images(cluster) == ["llamacpp:2"])


def test_without_room_pods_take_the_places_of_old_ones_until_the_last_is_replaced(
    cluster: Cluster, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ROOM_SECONDS", 5.0)
    serve(cluster, kubeconfig, replicas=2)
    with engine("llamacpp:2", cluster, kubeconfig):
        cluster.until(lambda: images(cluster) == ["llamacpp:1", "llamacpp:1", "llamacpp:2"])
        cluster.patch_status("pod", new_pod(cluster), {"conditions": [UNSCHEDULABLE]})
        cluster.until(lambda: images(cluster) == ["llamacpp:1", "llamacpp:2"])
        assert surge(cluster) == 0
        # It has the room of the one that went; the next takes that of the last.
        run_pods(cluster)
        cluster.until(lambda: images(cluster) == ["llamacpp:2", "llamacpp:2"])
        cluster.until(lambda: surge(cluster) == 1)
        assert images(cluster) == ["llamacpp:2", "llamacpp:2"]


def test_a_quota_without_room_is_no_room(cluster: Cluster, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ROOM_SECONDS", 5.0)
    serve(cluster, kubeconfig)
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"requests.memory": "6Gi"}},
    }
    cluster.run("apply", "-f", "-", stdin=json.dumps(quota))
    cluster.until(lambda: (cluster.get("resourcequota", "small") or {}).get("status", {}).get("used"))
    with engine("llamacpp:2", cluster, kubeconfig):
        cluster.until(lambda: images(cluster) == ["llamacpp:2"])
        run_pods(cluster)
        cluster.until(lambda: surge(cluster) == 1)
