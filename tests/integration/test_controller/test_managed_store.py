"""A managed store with the Milvus operator's real kind coming and going; the status that it would write, the tests write."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hack.cluster.apiserver import ControlPlane
from hack.cluster.milvus import crds

from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import Object, config_map, index, report

CRD = "milvuses.milvus.io"
MANAGED = {"managed": {"memory": "2Gi"}}
WAITING = {"managed": {"fallback": "Wait"}}


@contextmanager
def milvus_kind(cluster: Cluster) -> Iterator[None]:
    """The Milvus operator's kind, as its own module has it, and without the operator."""
    (file,) = (str(path) for path in crds() if path.name == "milvus.io_milvuses.yaml")
    cluster.run("apply", "--server-side", "-f", file)
    cluster.until(lambda: cluster.run("get", CRD, "-o", "json", check=False))
    try:
        yield
    finally:
        cluster.run("delete", "crd", CRD, "--wait=false")
        cluster.until(lambda: not cluster.run("get", "crd", CRD, "--ignore-not-found").strip())


@pytest.fixture(autouse=True)
def without_the_kind(plane: ControlPlane) -> None:
    cluster = Cluster(plane, "default")
    cluster.until(lambda: not cluster.run("get", "crd", CRD, "--ignore-not-found").strip())


def jobs(cluster: Cluster) -> list[str]:
    return sorted(found["metadata"]["name"] for found in cluster.all("jobs"))


def milvus(cluster: Cluster) -> Object:
    return cluster.until(lambda: cluster.get(CRD, "shop-milvus"))


def tell(cluster: Cluster, state: str, *conditions: tuple[str, str, str, str]) -> None:
    """As the Milvus operator does."""
    told = [dict(zip(("type", "status", "reason", "message"), each, strict=True)) for each in conditions]
    generation = milvus(cluster)["metadata"]["generation"]
    cluster.patch_status(CRD, "shop-milvus", {"status": state, "conditions": told, "observedGeneration": generation})


def publish(cluster: Cluster) -> str:
    """Let the only Job build and publish its version; the version."""
    job: str = cluster.until(lambda: jobs(cluster))[0]
    version = job.removeprefix("shop-ingest-")
    cluster.end_job(job, report(version))
    cluster.run_deployment("shop-retrieval")
    cluster.until(lambda: (status(cluster).get("published") or {}).get("version") == version)
    return version


def status(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = (cluster.get("ki", "shop") or {}).get("status") or {}
    return found


def document(cluster: Cluster, config_map: str = "shop-index") -> dict[str, Any]:
    data = (cluster.get("configmap", config_map) or {}).get("data", {"index.json": "{}"})
    found: dict[str, Any] = json.loads(data["index.json"])
    return found


def built_in(cluster: Cluster, store: Object) -> None:
    """Wait for the Job that builds in this very Milvus."""
    uid = store["metadata"]["uid"]
    cluster.until(lambda: any(document(cluster, job).get("volume") == uid for job in jobs(cluster)))


def test_a_milvus_is_made_watched_and_repaired(cluster: Cluster, operator: RunningOperator) -> None:
    with milvus_kind(cluster):
        # The operator looks for kinds every ten seconds; an index that comes before that would fall back.
        cluster.apply(config_map(), index(store=WAITING))
        made = milvus(cluster)
        assert cluster.get("deployment", "shop-milvus") is None
        assert cluster.until(lambda: cluster.get("pvc", "shop-milvus-data")), "what Milvus mounts is claimed"
        cluster.until_reason("ki", "shop", "StoreReady", "Starting")
        assert jobs(cluster) == [], "nothing is built before there is a store"

        etcd = ("EtcdReady", "False", "EtcdNotReady", "[shop-milvus-etcd:2379:context deadline exceeded]")
        tell(cluster, "Pending", etcd)
        cluster.until(lambda: "EtcdReady is False" in cluster.condition("ki", "shop", "StoreReady")["message"])
        tell(cluster, "Healthy", ("MilvusReady", "True", "ReasonMilvusHealthy", ""))
        publish(cluster)
        told = cluster.until_reason("ki", "shop", "Ready", "Ready")
        assert told["status"] == "True"
        assert status(cluster)["store"] == "Managed"
        assert status(cluster)["volume"] == made["metadata"]["uid"]
        store = document(cluster)["store"]
        assert store["uri"] == f"http://shop-milvus-milvus.{cluster.namespace}.svc:19530"

        tell(cluster, "Unhealthy", ("MilvusReady", "False", "MilvusComponentNotHealthy", "[standalone] not ready"))
        told = cluster.until_reason("ki", "shop", "StoreReady", "MilvusUnhealthy")
        assert "[standalone] not ready" in told["message"]
        assert status(cluster)["published"], "what was published is not forgotten"

        patch = {"spec": {"components": {"resources": {"limits": {"memory": "1Gi"}}}}}
        cluster.run("patch", CRD, "shop-milvus", "--type=merge", "-p", json.dumps(patch))
        cluster.until(lambda: milvus(cluster)["spec"]["components"]["resources"]["limits"]["memory"] == "4Gi")


def test_no_secret_stands_in_what_can_be_read(cluster: Cluster, operator: RunningOperator) -> None:
    with milvus_kind(cluster):
        cluster.apply(config_map(), index(store=WAITING))
        made = json.dumps(milvus(cluster))
        secrets = cluster.until(lambda: found if len(found := cluster.all("secrets")) == 3 else None)
        values = {value for secret in secrets for key, value in secret["data"].items() if key not in ("accesskey",)}
        assert {secret["metadata"]["name"] for secret in secrets} == {
            "shop-token", "shop-milvus-root", "shop-milvus-minio"
        }  # fmt: skip
        assert len(values) == 4
        assert not any(value in made for value in values)
        (password,) = made_env(milvus(cluster))
        # The Milvus operator writes MinIO's keys into a ConfigMap, unless the object's settings have them.
        keys = milvus(cluster)["spec"]["config"]["minio"]
        assert keys == {"accessKeyID": "from the environment", "secretAccessKey": "from the environment"}
        assert password["valueFrom"] == {"secretKeyRef": {"name": "shop-milvus-root", "key": "password"}}


def made_env(found: Object) -> list[Object]:
    env: list[Object] = found["spec"]["components"]["env"]
    return env


def test_a_milvus_whose_kind_goes_is_neither_forgotten_nor_replaced(
    cluster: Cluster, operator: RunningOperator
) -> None:
    with milvus_kind(cluster):
        cluster.apply(config_map(), index(store=WAITING))
        milvus(cluster)
        tell(cluster, "Healthy")
        version = publish(cluster)
        cluster.apply(index(store=MANAGED))
    told = cluster.until_reason("ki", "shop", "StoreReady", "MilvusOperatorNotInstalled")
    assert "install the Milvus operator" in told["message"]
    assert cluster.condition("ki", "shop", "Stalled")["status"] == "True"
    assert status(cluster)["published"]["version"] == version
    assert cluster.get("deployment", "shop-milvus") is None, "nothing stands in for what may come back"
    with milvus_kind(cluster):
        # The kind took the Milvus with it: the new one holds nothing, and the version is built again.
        milvus(cluster)
        tell(cluster, "Healthy")
        built_in(cluster, milvus(cluster))


def test_what_fell_back_stays_until_it_is_asked_to_move(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(store=MANAGED))
    cluster.run_deployment("shop-milvus")
    version = publish(cluster)
    told = cluster.until_reason("ki", "shop", "StoreReady", "EmbeddedStandsIn")
    assert told["status"] == "True"
    assert "install it, then set spec.store.managed.fallback to Wait" in told["message"]
    with milvus_kind(cluster):
        cluster.until(lambda: "is installed by now" in cluster.condition("ki", "shop", "StoreReady")["message"])
        assert cluster.all(CRD) == []
        assert status(cluster)["published"]["version"] == version
        cluster.apply(index(store=WAITING))
        milvus(cluster)
        cluster.until(lambda: cluster.get("deployment", "shop-milvus") is None)
        cluster.until_reason("ki", "shop", "Published", "WaitingForStore")
        tell(cluster, "Healthy")
        built_in(cluster, milvus(cluster))
        # As the garbage collector does with those of the Job before it, which had the same name.
        cluster.run("delete", "pods", "--all", "--force", "--grace-period=0")
        assert publish(cluster) == version, "it is built from the same sources"
        assert status(cluster)["store"] == "Managed"


def test_a_milvus_goes_with_the_turning_to_another_store(cluster: Cluster, operator: RunningOperator) -> None:
    with milvus_kind(cluster):
        cluster.apply(config_map(), index(store=WAITING))
        milvus(cluster)
        cluster.until(lambda: status(cluster).get("store") == "Managed")
        cluster.apply(index(store={"embedded": {}}))
        cluster.until(lambda: cluster.all(CRD) == [])
        cluster.until(lambda: cluster.get("deployment", "shop-milvus"))
        cluster.until(lambda: cluster.get("networkpolicy", "shop-milvus-etcd") is None)


def test_the_policy_of_deletion_is_decided_once(cluster: Cluster) -> None:
    cluster.apply(index(store=MANAGED))
    changed = {"managed": {**MANAGED["managed"], "deletionPolicy": "Retain"}}
    with pytest.raises(AssertionError, match="deletionPolicy of a managed store is decided once"):
        cluster.apply(index(store=changed))
