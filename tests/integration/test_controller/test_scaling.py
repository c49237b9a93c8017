"""Who scales an engine, with KEDA's real kind coming and going, and how one scaler takes another's place."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane
from hack.cluster.keda import crds
from prometheus_client import CollectorRegistry

from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_operator.apply import Applier
from kefu_operator.client.connect import connect
from kefu_operator.desired.images import Images
from kefu_operator.kinds import Kinds
from kefu_operator.metrics import Metrics
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.engines import EnginesReconciler
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.resources import POD_METRICS, SCALED_OBJECTS
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator, settings
from tests.integration.test_controller.objects import chatbot, chatbot_only, endpoint_chatbot

Object = dict[str, Any]
Step = Callable[[str | None], Awaitable[float | None]]
"""One look at the engines, with that Prometheus; when it wants to look again."""

PROMETHEUS = "http://prometheus.monitoring.svc:9090"
CRD = "scaledobjects.keda.sh"
ENGINE = engine_name("shop", ChatbotDeploymentSpec.model_validate(chatbot(engine={"llamaCpp": {}})["spec"])) or ""
SCALED = {"engine": {"min": 1, "max": 4, "toZeroAfter": "5m"}}


@contextmanager
def keda(cluster: Cluster) -> Iterator[None]:
    """KEDA's kind, as its own module has it, and without KEDA."""
    (file,) = (str(path) for path in crds() if path.name == "keda.sh_scaledobjects.yaml")
    cluster.run("apply", "--server-side", "-f", file)
    cluster.until(lambda: cluster.run("get", CRD, "-o", "json", check=False))
    try:
        yield
    finally:
        cluster.run("delete", "crd", CRD, "--wait=false")


@pytest.fixture(scope="module")
def with_keda(plane: ControlPlane) -> Iterator[None]:
    cluster = Cluster(plane, "default")
    cluster.until(lambda: not cluster.run("get", "crd", CRD, "--ignore-not-found").strip())
    with keda(cluster):
        yield


@pytest.fixture
def scaling_operator(cluster: Cluster, kubeconfig: Path) -> Iterator[RunningOperator]:
    """An operator that knows of a Prometheus."""
    told = settings(kubeconfig, cluster.namespace)
    running = RunningOperator(replace(told, plan=replace(told.plan, prometheus_url=PROMETHEUS)))
    cluster.until(lambda: running.is_ready)
    yield running
    running.stop()


def engine_of(cluster: Cluster) -> Object:
    """The Deployment of the only engine, with who owns what of it."""
    name = cluster.until(lambda: cluster.all("deployments", "kefu.dev/engine"))[0]["metadata"]["name"]
    return cluster.get("deployment", name) or {}


def scale(cluster: Cluster, replicas: int) -> None:
    """As an autoscaler does."""
    cluster.run("scale", f"deployment/{engine_of(cluster)['metadata']['name']}", f"--replicas={replicas}")


def owns_replicas(engine: Object) -> bool:
    ours = (each for each in engine["metadata"]["managedFields"] if each["manager"] == "kefu-operator")
    return any("f:replicas" in each["fieldsV1"].get("f:spec", {}) for each in ours if not each.get("subresource"))


def scalers(cluster: Cluster) -> list[str]:
    kinds = f"hpa,{CRD}" if cluster.run("get", "crd", CRD, "--ignore-not-found").strip() else "hpa"
    return sorted(found["kind"] for found in cluster.all(kinds, "kefu.dev/engine"))


def test_keda_is_used_from_when_it_comes_until_it_goes(cluster: Cluster, scaling_operator: RunningOperator) -> None:
    bot = chatbot(engine={"llamaCpp": {}, "replicas": 3}, scaling=SCALED)
    cluster.apply(bot)
    told = cluster.until_reason("chatbot", "shop", "ScalingActive", "KedaNotInstalled")
    assert told["status"] == "False"
    assert engine_of(cluster)["spec"]["replicas"] == 3
    with keda(cluster):
        told = cluster.until_reason("chatbot", "shop", "ScalingActive", "ScaledByKeda")
        assert "to zero, and from 1 to 4 pods" in told["message"]
        name = engine_of(cluster)["metadata"]["name"]
        made = cluster.until(lambda: cluster.get(CRD, name))
        assert [trigger["name"] for trigger in made["spec"]["triggers"]] == ["queue", "asked"]
        # The number was ours and is nobody's for a moment: it must not fall back to 1.
        cluster.until(lambda: not owns_replicas(engine_of(cluster)))
        assert engine_of(cluster)["spec"]["replicas"] == 3
        scale(cluster, 2)
        cluster.run("patch", CRD, name, "--type=merge", "-p", '{"spec":{"maxReplicaCount":100}}')
        cluster.until(lambda: (cluster.get(CRD, name) or {})["spec"]["maxReplicaCount"] == 4)
        assert engine_of(cluster)["spec"]["replicas"] == 2
    cluster.until_reason("chatbot", "shop", "ScalingActive", "KedaNotInstalled")
    cluster.until(lambda: engine_of(cluster)["spec"]["replicas"] == 3)


def test_a_sleeping_engine_is_no_fault(cluster: Cluster, scaling_operator: RunningOperator) -> None:
    with keda(cluster):
        cluster.apply(chatbot(engine={"llamaCpp": {}}, scaling=SCALED))
        cluster.until_reason("chatbot", "shop", "ScalingActive", "ScaledByKeda")
        cluster.until(lambda: cluster.get(CRD, engine_of(cluster)["metadata"]["name"]))
        scale(cluster, 0)
        told = cluster.until_reason("chatbot", "shop", "EngineReady", "Asleep")
        assert told["status"] == "True"
        status = {
            "conditions": [{"type": "Ready", "status": "False", "reason": "TriggerError", "message": "no Prometheus"}]
        }
        cluster.patch_status(CRD, engine_of(cluster)["metadata"]["name"], status)
        told = cluster.until_reason("chatbot", "shop", "ScalingActive", "ScalerFailing")
        assert "no Prometheus" in told["message"]


@contextmanager
def metrics_api(cluster: Cluster) -> Iterator[None]:
    """The API that metrics-server serves, and without any figures in it."""
    name, open_ = "pods.metrics.k8s.io", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": open_}}
    names = {"kind": "PodMetrics", "plural": "pods", "singular": "podmetrics"}
    annotations = {"api-approved.kubernetes.io": "unapproved, for tests"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"group": "metrics.k8s.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }  # fmt: skip
    cluster.run("apply", "-f", "-", stdin=json.dumps(definition))
    try:
        yield
    finally:
        cluster.run("delete", "crd", name, "--wait=false")
        cluster.until(lambda: not cluster.run("get", "crd", name, "--ignore-not-found").strip())


def test_a_gateway_that_nothing_scales_says_so(cluster: Cluster, operator: RunningOperator) -> None:
    chatbot_only(cluster)
    told = cluster.condition("chatbot", "shop", "GatewayScalingActive")
    assert (told["status"], told["reason"]) == ("False", "MetricsServerNotInstalled")
    with metrics_api(cluster):
        told = cluster.until_reason("chatbot", "shop", "GatewayScalingActive", "ScaledByHpa")
        assert told["status"] == "True"
    cluster.until_reason("chatbot", "shop", "GatewayScalingActive", "MetricsServerNotInstalled")
    cluster.apply(endpoint_chatbot(scaling={"gateway": {"min": 3, "max": 3}}))
    cluster.until(lambda: not cluster.condition("chatbot", "shop", "GatewayScalingActive"))


class AllKinds:
    """A discovery that has found KEDA and metrics-server."""

    async def kinds(self) -> Kinds:
        return Kinds.of(SCALED_OBJECTS, POD_METRICS)

    async def look(self) -> bool:
        return False


def by_hand(cluster: Cluster, kubeconfig: Path, story: Callable[[Step], Awaitable[None]]) -> None:
    """Tell a story whose every look at the engines is asked for."""

    async def tell() -> None:
        async with connect(kubeconfig) as client:

            async def step(prometheus: str | None) -> float | None:
                plan = PlanSettings(prometheus_url=prometheus)
                applier, board = Applier(client, Metrics(CollectorRegistry())), RefusalBoard()
                reconcile = EnginesReconciler(client, applier, Images(), plan, board, AllKinds())  # type: ignore[arg-type]
                return (await reconcile(cluster.namespace, ENGINE)).after

            await story(step)

    asyncio.run(tell())


def test_the_old_scaler_goes_before_the_new_one_comes_in_either_direction(
    with_keda: None, cluster: Cluster, kubeconfig: Path
) -> None:
    async def story(step: Step) -> None:
        assert await step(None) is None
        assert scalers(cluster) == ["HorizontalPodAutoscaler"]
        scale(cluster, 3)
        assert await step(PROMETHEUS) is None
        assert scalers(cluster) == ["ScaledObject"]
        (made,) = cluster.all(CRD)
        hold = [{"op": "add", "path": "/metadata/finalizers", "value": ["finalizer.keda.sh/test"]}]
        cluster.run("patch", CRD, made["metadata"]["name"], "--type=json", "-p", json.dumps(hold))
        # KEDA gives our labels to its own autoscaler, which is to be left alone.
        theirs = kedas_autoscaler(made)
        cluster.apply(theirs)
        assert await step(PROMETHEUS) is None
        assert scalers(cluster) == ["HorizontalPodAutoscaler", "ScaledObject"]
        # Back: KEDA holds the ScaledObject, so that nothing else may come yet.
        assert await step(None) == 1
        assert await step(None) == 1
        assert "HorizontalPodAutoscaler" not in [
            found["kind"] for found in cluster.all("hpa") if found["metadata"]["name"] == made["metadata"]["name"]
        ]
        release = [{"op": "remove", "path": "/metadata/finalizers"}]
        cluster.run("patch", CRD, made["metadata"]["name"], "--type=json", "-p", json.dumps(release))
        assert await step(None) is None
        assert [found["metadata"]["name"] for found in cluster.all("hpa")] == [made["metadata"]["name"]]
        assert cluster.all(CRD) == []
        assert engine_of(cluster)["spec"]["replicas"] == 3

    cluster.apply(chatbot(engine={"llamaCpp": {}}, scaling=SCALED))
    by_hand(cluster, kubeconfig, story)


def kedas_autoscaler(made: Object) -> Object:
    meta = made["metadata"]
    owner = {
        "apiVersion": made["apiVersion"],
        "kind": made["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"keda-hpa-{meta['name']}", "labels": meta["labels"], "ownerReferences": [owner]},
        "spec": {"scaleTargetRef": made["spec"]["scaleTargetRef"], "maxReplicas": 4},
    }  # fmt: skip


def test_whoever_scales_an_engine_of_a_fixed_number_is_not_fought(
    with_keda: None, cluster: Cluster, kubeconfig: Path
) -> None:
    async def story(step: Step) -> None:
        await step(None)
        engine = engine_of(cluster)
        assert owns_replicas(engine)
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": engine["metadata"]["name"]}
        mine = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "mine"},
                "spec": {"scaleTargetRef": target, "maxReplicas": 9}}  # fmt: skip
        cluster.apply(mine)
        scale(cluster, 5)
        await step(None)
        await step(None)
        assert engine_of(cluster)["spec"]["replicas"] == 5
        cluster.run("delete", "hpa/mine")
        await step(None)
        assert engine_of(cluster)["spec"]["replicas"] == 2

    cluster.apply(chatbot(engine={"llamaCpp": {}, "replicas": 2}))
    by_hand(cluster, kubeconfig, story)
