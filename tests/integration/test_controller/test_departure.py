"""A deleted index is taken out of a store of somebody else's, and is never held for ever."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.client.connect import connect
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.metrics import Metrics
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from tests.integration.test_controller.cluster import Cluster, ended_job
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import config_map, index

FINALIZER = "kefu.dev/external-store"
URI = "http://milvus.milvus:19530"
DELETED = {"external": {"uri": URI, "deletionPolicy": "Delete"}}
RETAINED = {"external": {"uri": URI}}


def finalizers(cluster: Cluster) -> list[str]:
    held: list[str] = (cluster.get("ki", "shop") or {"metadata": {}})["metadata"].get("finalizers", [])
    return held


def events(cluster: Cluster) -> dict[str, str]:
    found = json.loads(cluster.run("get", "events", "-o", "json"))["items"]
    return {each["reason"]: each["message"] for each in found}


def leave(cluster: Cluster, store: dict[str, Any]) -> None:
    """Delete an index that was seen by the operator."""
    cluster.apply(config_map(), index(store=store))
    cluster.until(lambda: cluster.condition("ki", "shop", "StoreReady"))
    job: str = cluster.until(lambda: cluster.all("jobs"))[0]["metadata"]["name"]
    assert job.startswith("shop-ingest-")
    cluster.run("delete", "ki", "shop", "--wait=false")


def test_an_index_goes_when_its_collections_are_dropped(cluster: Cluster, operator: RunningOperator) -> None:
    leave(cluster, DELETED)
    made = cluster.until(lambda: cluster.get("job", "shop-remove"))
    assert "ownerReferences" not in made["metadata"]
    assert [each["metadata"]["name"] for each in cluster.all("jobs")] == ["shop-remove"], "nothing writes any more"
    told = cluster.until_reason("ki", "shop", "Ready", "RemovingFromStore")
    assert "is dropped from its store before it goes" in told["message"]
    assert finalizers(cluster) == [FINALIZER]
    cluster.patch_status("job", "shop-remove", ended_job())
    cluster.until(lambda: cluster.get("ki", "shop") is None)
    cluster.until(lambda: cluster.get("job", "shop-remove") is None)
    assert URI in cluster.until(lambda: events(cluster).get("RemovedFromStore"))


def test_an_index_that_leaves_everything_waits_for_nothing(cluster: Cluster, operator: RunningOperator) -> None:
    leave(cluster, RETAINED)
    cluster.until(lambda: cluster.get("ki", "shop") is None)
    assert cluster.get("job", "shop-remove") is None


def test_a_finalizer_of_ours_comes_and_goes_with_the_spec(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(store=DELETED))
    cluster.until(lambda: finalizers(cluster) == [FINALIZER])
    cluster.run("patch", "ki", "shop", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/other"]}}')
    cluster.until(lambda: sorted(finalizers(cluster)) == ["example.com/other", FINALIZER])
    cluster.apply(index(store=RETAINED))
    cluster.until(lambda: finalizers(cluster) == ["example.com/other"])
    cluster.run("patch", "ki", "shop", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_an_index_in_a_namespace_that_goes_is_let_go_at_once(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(store=DELETED))
    cluster.until(lambda: finalizers(cluster) == [FINALIZER])
    for job in cluster.until(lambda: cluster.all("jobs")):
        cluster.patch_status("job", job["metadata"]["name"], ended_job(failed=True))
    cluster.run("delete", "namespace", cluster.namespace, "--wait=false")
    cluster.until(lambda: (cluster.get("namespace", cluster.namespace) or {})["status"]["phase"] == "Terminating")
    # As the controller of namespaces does.
    cluster.run("delete", "ki", "shop", "--wait=false")
    cluster.until(lambda: cluster.get("ki", "shop") is None, patience=20)


def test_without_an_operator_the_documented_command_lets_go(cluster: Cluster, operator: RunningOperator) -> None:
    cluster.apply(config_map(), index(store=DELETED))
    cluster.until(lambda: finalizers(cluster) == [FINALIZER])
    operator.stop()
    cluster.run("delete", "ki", "shop", "--wait=false")
    assert finalizers(cluster) == [FINALIZER]
    page = (Path(__file__).parents[3] / "docs" / "reference" / "stores.md").read_text()
    patch = '{"metadata":{"finalizers":null}}'
    assert f"kubectl patch ki NAME --type=merge -p '{patch}'" in page
    cluster.run("patch", "ki", "shop", "--type=merge", "-p", patch)
    assert cluster.get("ki", "shop") is None


def test_an_index_whose_store_is_away_goes_after_ten_minutes(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.apply(config_map(), index(store=DELETED))
    moment = datetime.now(UTC)

    async def story() -> None:
        nonlocal moment
        async with connect(kubeconfig) as client:
            applier = Applier(client, Metrics(CollectorRegistry()))
            look = KnowledgeReconciler(client, applier, Images(), Discovery(client), now=lambda: moment)
            await look(cluster.namespace, "shop")
            assert finalizers(cluster) == [FINALIZER]
            cluster.run("delete", "ki", "shop", "--wait=false")
            cluster.run("delete", "jobs", "--all")
            again = await look(cluster.namespace, "shop")
            assert again.after is not None
            assert cluster.get("job", "shop-remove")
            cluster.patch_status("job", "shop-remove", ended_job(failed=True))
            await look(cluster.namespace, "shop")
            assert cluster.get("job", "shop-remove") is None, "a failed one makes way for the next"
            await look(cluster.namespace, "shop")
            assert cluster.get("job", "shop-remove")
            moment += timedelta(minutes=10, seconds=5)
            await look(cluster.namespace, "shop")

    asyncio.run(story())
    assert cluster.get("ki", "shop") is None
    assert cluster.get("job", "shop-remove") is None
    told = events(cluster)["LeftInStore"]
    assert "within 10 minutes" in told
    assert URI in told
    assert "drop them by hand" in told
