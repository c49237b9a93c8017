"""Engines over several nodes: with the kind LeaderWorkerSet coming and going, and without it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.keda import crds
from prometheus_client import CollectorRegistry

from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_operator.apply import Applier
from kefu_operator.client.connect import connect
from kefu_operator.desired.images import Images
from kefu_operator.kinds import Kinds
from kefu_operator.metrics import Metrics
from kefu_operator.plan.engine import engine_name as engine_name_of
from kefu_operator.reconcile.engines import EnginesReconciler
from kefu_operator.reconcile.refusals import UNADMITTED_SECONDS, RefusalBoard
from kefu_operator.resources import LEADER_WORKER_SETS, Resource
from tests.integration.test_controller.cluster import Cluster, now
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.leader_worker_sets import CRD, leader_worker_sets
from tests.integration.test_controller.objects import chatbot
from tests.integration.test_controller.unanswered import unanswered_webhook

Object = dict[str, Any]

PROMETHEUS = "http://prometheus.monitoring.svc:9090"
KEDA = "scaledobjects.keda.sh"
MODEL = {"uri": "pvc://models/llama"}
SPREAD = {"vllm": {"nodes": 3}, "accelerator": {"class": "nvidia", "count": 8}, "replicas": 2}


@pytest.fixture
def watching(cluster: Cluster, kubeconfig: Path) -> Iterator[RunningOperator]:
    """An operator that knows of a Prometheus."""
    told = settings(kubeconfig, cluster.namespace)
    running = RunningOperator(replace(told, plan=replace(told.plan, prometheus_url=PROMETHEUS)))
    cluster.until(lambda: running.is_ready)
    yield running
    running.stop()


def spread(**spec: Any) -> Object:
    return chatbot(model=MODEL, engine=SPREAD, **spec)


def sets(cluster: Cluster) -> list[str]:
    """StatefulSets of engines, without the name that they have in common."""
    found = (each["metadata"]["name"] for each in cluster.all("statefulsets", "kefu.dev/engine"))
    return sorted(name.partition("-nodes")[2] for name in found)


def groups(cluster: Cluster) -> list[Object]:
    return cluster.all(CRD, "kefu.dev/engine")


def engine_name(cluster: Cluster) -> str:
    services = cluster.until(lambda: cluster.all("services", "kefu.dev/engine"))
    return str(services[0]["metadata"]["labels"]["kefu.dev/engine"])


def pods_ready(cluster: Cluster, count: int) -> Object:
    told = cluster.until_reason("chatbot", "shop", "EngineReady", "Running")
    assert f"{count}/{count} pods are ready" in told["message"]
    return told


def refuse_workers(cluster: Cluster, name: str) -> None:
    """As the controller of LeaderWorkerSets makes the first group's workers, and that of StatefulSets gets none of them."""
    workers, labels = f"{name}-0", {"leaderworkerset.sigs.k8s.io/name": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "engine", "image": "x"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    cluster.apply({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": workers, "labels": labels}, "spec": spec})  # fmt: skip
    cluster.patch_status("statefulset", workers, {"observedGeneration": 1, "replicas": 0})
    refuse_pods(cluster, workers)


def refuse_pods(cluster: Cluster, name: str) -> None:
    """As the controller of StatefulSets tells it."""
    said = (
        f'create Pod {name}-1 in StatefulSet {name} failed error: pods "{name}-1" is forbidden: exceeded quota: tight'
    )
    meta = {"name": f"{name}.1", "namespace": cluster.namespace}
    about = {"kind": "StatefulSet", "name": name, "namespace": cluster.namespace}
    cluster.apply({"apiVersion": "v1", "kind": "Event", "metadata": meta, "involvedObject": about, "type": "Warning",
                   "reason": "FailedCreate", "message": said, "firstTimestamp": now(), "lastTimestamp": now()})  # fmt: skip


def test_groups_change_between_stateful_sets_and_leader_worker_sets(
    cluster: Cluster, watching: RunningOperator
) -> None:
    cluster.apply(spread())
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    name = engine_name(cluster)
    leaders = cluster.get("statefulset", f"{name}-nodes") or {}
    assert (leaders["spec"]["replicas"], leaders["spec"]["podManagementPolicy"]) == (2, "Parallel")
    workers = cluster.get("statefulset", f"{name}-nodes-1") or {}
    assert (workers["spec"]["replicas"], workers["spec"]["ordinals"]) == (2, {"start": 1})
    addresses = cluster.until(lambda: cluster.get("service", f"{name}-nodes"))
    assert (addresses["spec"]["clusterIP"], addresses["spec"]["publishNotReadyAddresses"]) == ("None", True)
    cluster.until_reason("chatbot", "shop", "EngineReady", "Starting")
    cluster.run_deployment(f"{name}-nodes", "statefulset")
    pods_ready(cluster, 2)

    with leader_worker_sets(cluster):
        (made,) = cluster.until(lambda: groups(cluster))
        assert made["metadata"]["name"] == f"{name}-group"
        assert (made["spec"]["replicas"], made["spec"]["leaderWorkerTemplate"]["size"]) == (2, 3)
        assert made["spec"]["leaderWorkerTemplate"]["restartPolicy"] == "None"
        cluster.until(lambda: sets(cluster) == [])
        cluster.until(lambda: cluster.get("service", f"{name}-nodes") is None)
        told = cluster.until_reason("chatbot", "shop", "EngineReady", "Creating")
        assert "look whether that runs" in told["message"]
        status = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}
        before = cluster.audit_end
        cluster.patch_status(CRD, f"{name}-group", status)
        pods_ready(cluster, 2)
        # What the API server made of the object is what we want: nothing of the engine is written again.
        written = [event["objectRef"]["resource"] for event in cluster.writes(before)]
        assert set(written) <= {"chatbotdeployments", "events"}, written
        refuse_workers(cluster, f"{name}-group")
        cluster.patch_status(CRD, f"{name}-group", {"readyReplicas": 0})
        told = cluster.until_reason("chatbot", "shop", "EngineReady", "QuotaExceeded")
        assert "exceeded quota: tight" in told["message"]
        cluster.run("patch", CRD, f"{name}-group", "--type=merge", "-p", '{"spec":{"replicas":7}}')
        cluster.until(lambda: groups(cluster)[0]["spec"]["replicas"] == 2)

    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    cluster.until_reason("chatbot", "shop", "EngineReady", "Starting")


class Known:
    """Kinds that are there."""

    def __init__(self, *kinds: Resource) -> None:
        self._kinds = Kinds.of(*kinds)

    async def kinds(self) -> Kinds:
        return self._kinds

    async def look(self) -> bool:
        return False


def reconcile(cluster: Cluster, kubeconfig: Path, engine: str, board: RefusalBoard, *kinds: Resource) -> float | None:
    """Look at the engine once, as an operator that knows of these kinds: when it wants to look again."""

    async def look() -> float | None:
        async with connect(kubeconfig) as client:
            applier, plan = Applier(client, Metrics(CollectorRegistry())), settings(kubeconfig, cluster.namespace).plan
            once = EnginesReconciler(client, applier, Images(), plan, board, Known(*kinds))  # type: ignore[arg-type]
            return (await once(cluster.namespace, engine)).after

    return asyncio.run(look())


def test_groups_stay_until_what_is_to_run_them_is_admitted_and_follow_the_spec(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.apply(spread())
    spec = ChatbotDeploymentSpec.model_validate(spread()["spec"])
    name, board = engine_name_of("shop", spec) or "", RefusalBoard()

    def again() -> float | None:
        return reconcile(cluster, kubeconfig, name, board, LEADER_WORKER_SETS)

    reconcile(cluster, kubeconfig, name, board)
    assert sets(cluster) == ["", "-0", "-1"]
    with leader_worker_sets(cluster):
        with unanswered_webhook(cluster, LEADER_WORKER_SETS):
            # A configuration of webhooks is seen by the API server a moment later.
            cluster.until(lambda: again() == UNADMITTED_SECONDS)
            cluster.run("scale", "chatbot/shop", "--replicas=3")
            cluster.until(lambda: again() == UNADMITTED_SECONDS and sets(cluster) == ["", "-0", "-1", "-2"])
            assert board.read(cluster.namespace, name) == (), "the engine answers"
            cluster.run("delete", "statefulset", "--all")
            assert again() == UNADMITTED_SECONDS
            (refusal,) = board.read(cluster.namespace, name)
            assert "nobody.example.com" in str(refusal)
        cluster.until(lambda: again() is None)
        assert (sets(cluster), len(groups(cluster))) == ([], 1)
        assert board.read(cluster.namespace, name) == ()


def test_more_groups_have_more_workers_and_none_have_none(cluster: Cluster, watching: RunningOperator) -> None:
    cluster.apply(spread())
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    cluster.run("scale", "chatbot/shop", "--replicas=3")
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1", "-2"])
    # Somebody's hand on the leaders alone would leave them without workers.
    cluster.run("scale", f"statefulset/{engine_name(cluster)}-nodes", "--replicas=9")
    cluster.until(lambda: (cluster.get("statefulset", f"{engine_name(cluster)}-nodes") or {})["spec"]["replicas"] == 3)
    cluster.run("scale", "chatbot/shop", "--replicas=0")
    cluster.until(lambda: sets(cluster) == [""])
    cluster.until_reason("chatbot", "shop", "EngineReady", "ScaledToZero")


def test_a_worker_that_cannot_start_is_named(cluster: Cluster, watching: RunningOperator) -> None:
    cluster.apply(spread())
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    name = engine_name(cluster)
    worker = cluster.get("statefulset", f"{name}-nodes-1") or {}
    no_room = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
               "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}  # fmt: skip
    pod = cluster.make_pod(
        f"{name}-nodes-1", worker["spec"]["template"], {"phase": "Pending", "conditions": [no_room]}, "2"
    )
    told = cluster.until_reason("chatbot", "shop", "EngineReady", "Unschedulable")
    assert f"pod {pod} cannot be scheduled, not enough nvidia.com/gpu" in told["message"]


def test_a_quota_that_refuses_a_worker_is_named(cluster: Cluster, watching: RunningOperator) -> None:
    cluster.apply(spread())
    cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])
    name = f"{engine_name(cluster)}-nodes-1"
    seen = (cluster.get("statefulset", name) or {})["metadata"]["generation"]
    cluster.patch_status("statefulset", name, {"observedGeneration": seen, "replicas": 0})
    refuse_pods(cluster, name)
    # Events are not watched: it is looked for while pods are missing.
    cluster.patch_status("statefulset", name, {"observedGeneration": seen, "replicas": 0, "readyReplicas": 0})
    told = cluster.until_reason("chatbot", "shop", "EngineReady", "QuotaExceeded")
    assert "exceeded quota: tight" in told["message"]


@contextmanager
def keda(cluster: Cluster) -> Iterator[None]:
    """KEDA's kind, as its own module has it, and without KEDA."""
    cluster.until(lambda: not cluster.run("get", "crd", KEDA, "--ignore-not-found").strip())
    (file,) = (str(path) for path in crds() if path.name == "keda.sh_scaledobjects.yaml")
    cluster.run("apply", "--server-side", "-f", file)
    cluster.until(lambda: cluster.run("get", KEDA, "-o", "json", check=False))
    try:
        yield
    finally:
        cluster.run("delete", "crd", KEDA, "--wait=false")


def test_only_a_leader_worker_set_is_scaled(cluster: Cluster, watching: RunningOperator) -> None:
    with keda(cluster):
        cluster.apply(spread(scaling={"engine": {"min": 1, "max": 4}}))
        told = cluster.until_reason("chatbot", "shop", "ScalingActive", "LeaderWorkerSetNotInstalled")
        assert "which has 2 groups of pods" in told["message"]
        name = engine_name(cluster)
        with leader_worker_sets(cluster):
            cluster.until_reason("chatbot", "shop", "ScalingActive", "ScaledByKeda")
            made = cluster.until(lambda: cluster.get(KEDA, name))
            target = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": f"{name}-group"}
            assert made["spec"]["scaleTargetRef"] == target
            # As KEDA's autoscaler does, through the scale subresource.
            cluster.run("scale", f"{CRD}/{name}-group", "--replicas=4")
            cluster.run("patch", KEDA, name, "--type=merge", "-p", '{"spec":{"maxReplicaCount":100}}')
            cluster.until(lambda: (cluster.get(KEDA, name) or {})["spec"]["maxReplicaCount"] == 4)
            assert groups(cluster)[0]["spec"]["replicas"] == 4
        cluster.until_reason("chatbot", "shop", "ScalingActive", "LeaderWorkerSetNotInstalled")
        cluster.until(lambda: cluster.get(KEDA, name) is None)
        cluster.until(lambda: sets(cluster) == ["", "-0", "-1"])


def test_deleting_the_chatbot_deletes_its_groups(cluster: Cluster, watching: RunningOperator) -> None:
    with leader_worker_sets(cluster):
        cluster.apply(spread())
        cluster.until(lambda: groups(cluster))
        cluster.run("delete", "chatbot/shop")
        cluster.until(lambda: not groups(cluster))


def test_a_volume_of_one_node_is_told(cluster: Cluster, watching: RunningOperator) -> None:
    cluster.apply(chatbot(model={"uri": "hf://Qwen/Qwen3-8B"}, engine=SPREAD))
    told = cluster.until_reason("chatbot", "shop", "EngineReady", "VolumeNotShared")
    assert "spec.engine.vllm.nodes" in told["message"]
    assert "modelVolumes.shared" in told["message"]
