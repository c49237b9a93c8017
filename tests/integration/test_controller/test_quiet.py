"""Kinds that nobody touches: their watches fall silent, and go on without a list, as nothing may have been missed."""

import asyncio
import json

from prometheus_client import CollectorRegistry

from kefu_operator.client.connect import connect
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.store import Index, Store
from kefu_operator.metrics import Metrics
from kefu_operator.relations import Relations
from kefu_operator.resources import SERVICES
from kefu_operator.watch_children import OURS, Subject, Watcher
from tests.integration.test_controller.cluster import Cluster, Object

SILENCE = 0.5
LABELS = {"app.kubernetes.io/managed-by": "kefu-operator", "kefu.dev/owned-by": "ChatbotDeployment.shop"}


def service() -> Object:
    meta = {"name": "late", "labels": LABELS}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}


def lists(cluster: Cluster, since: int) -> int:
    """How often Services were listed; watches are not logged."""
    with cluster.plane.audit_log.open("rb") as log:
        log.seek(since)
        events = [json.loads(line) for line in log.read().splitlines()]
    return sum((each["verb"], each["objectRef"]["resource"]) == ("list", "services") for each in events)


async def test_a_silent_watch_goes_on_without_a_list_and_misses_nothing(cluster: Cluster) -> None:
    since, woken = cluster.audit_end, asyncio.Event()
    metrics = Metrics(CollectorRegistry())

    def silences() -> float:
        labels = {"kind": "Service", "cause": "silent"}
        return metrics.registry.get_sample_value("kefu_operator_watch_restarts_total", labels) or 0

    async with connect(cluster.plane.kubeconfig, SILENCE) as client:
        watcher = Watcher(
            client,
            Subject(SERVICES, OURS, Relations.child_seen),
            cluster.namespace,
            Relations(Index("engine", lambda _: ())),
            lambda keys: woken.set() if list(keys) else None,
            metrics,
            Copies({SERVICES: Store()}),
        )
        task = asyncio.create_task(watcher.run())
        async with asyncio.timeout(60):
            while silences() < 3:  # noqa: ASYNC110 - a counter wakes nobody
                await asyncio.sleep(SILENCE / 5)
            cluster.apply(service())
            await woken.wait()
        task.cancel()
    assert lists(cluster, since) == 1
