"""An index's reranker as the real Prometheus counts it, told by a condition of its own on the real API server."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.ports import free_port
from hack.prometheus import prometheus
from prometheus_client import CollectorRegistry, start_http_server

from kefu_operator.apply import Applier
from kefu_operator.desired.images import Images
from kefu_operator.discovery import Discovery
from kefu_operator.metrics import Metrics
from kefu_operator.prometheus import connect
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from kefu_operator.reconcile.reranker import LOOK_SECONDS
from kefu_retrieval.metrics import RERANKS
from tests.integration.test_controller.chaos import clients
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import config_map, index

WAIT = 60.0


class Searches:
    """What a retrieval service counts while one search after the other ends alike."""

    def __init__(self, namespace: str) -> None:
        self.outcome = "failed"
        self._namespace = namespace
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            RERANKS.labels("shop", self.outcome).inc(1 if self.outcome == "failed" else 20)


@pytest.fixture
def url(tmp_path: Path, cluster: Cluster) -> Iterator[str]:
    port = free_port()
    server, thread = start_http_server(port, "127.0.0.1")
    scrape = {
        "job_name": "retrieval",
        "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": cluster.namespace}}],
    }
    with prometheus(tmp_path, [scrape]) as running:
        yield running
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_reranker_that_fails_is_told_beside_ready_and_told_again_when_it_is_well(
    cluster: Cluster, kubeconfig: Path, url: str
) -> None:
    reranked = index(reranker={"endpoint": {"url": "http://nobody.example", "model": "m"}})
    cluster.apply(config_map(), reranked)
    searches = Searches(cluster.namespace)

    def told() -> dict[str, str]:
        found = cluster.get("knowledgeindex", "shop") or {}
        return {each["type"]: each["reason"] for each in found.get("status", {}).get("conditions", ())}

    async with clients(cluster.plane.kubeconfig, kubeconfig) as (_, client), connect(url) as asked:
        applier = Applier(client, Metrics(CollectorRegistry()))
        reconcile = KnowledgeReconciler(client, applier, Images(), Discovery(client), prometheus=asked)

        async def until(reason: str) -> None:
            async with asyncio.timeout(WAIT):
                while told().get("RerankerReady") != reason:
                    again = await reconcile(cluster.namespace, "shop")
                    assert again.after is not None
                    assert again.after <= LOOK_SECONDS
                    await asyncio.sleep(0.5)

        await until("RerankerFailing")
        before = told()
        searches.outcome = "reranked"
        await until("Reranking")
        searches.end()
        # Nothing else was told differently for it: customers are answered all the while.
        after = told()
        assert before.pop("RerankerReady") != after.pop("RerankerReady")
        assert before == after
        since = cluster.audit_end
        for _ in range(3):
            await reconcile(cluster.namespace, "shop")
        assert cluster.writes(since) == []
        quiet = KnowledgeReconciler(client, applier, Images(), Discovery(client))
        await quiet(cluster.namespace, "shop")
        assert "RerankerReady" not in told()
