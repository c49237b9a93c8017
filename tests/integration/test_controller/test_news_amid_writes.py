"""What a user changes just before a status is written comes with the answer to that write, and is reconciled."""

import asyncio
import json

from prometheus_client import CollectorRegistry

from kefu_operator import naming
from kefu_operator.client.client import Client
from kefu_operator.client.connect import connect
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.engines import engine_index
from kefu_operator.metrics import Metrics
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import INDEXES
from kefu_operator.watch_children import SUBJECTS, Watcher, stores
from kefu_operator.write import Writer
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import index


class Operator:
    """What the operator knows of indexes, and whom that wakes; it watches when it is told to."""

    def __init__(self) -> None:
        engines = engine_index(PlanSettings())
        self.woken: list[Key] = []
        self._relations = Relations(engines)
        self.copies = Copies(stores(engines), lambda found: self.woken.extend(self._relations.written(found)))

    async def catch_up(self, client: Client, namespace: str) -> None:
        subject = next(each for each in SUBJECTS if each.resource is INDEXES)
        metrics = Metrics(CollectorRegistry())
        watcher = Watcher(client, subject, namespace, self._relations, self.woken.extend, metrics, self.copies)
        watching = asyncio.create_task(watcher.run())
        async with asyncio.timeout(60):
            await watcher.synced.wait()
        watching.cancel()


async def test_what_is_done_to_an_index_just_before_its_status_is_written_is_reconciled(cluster: Cluster) -> None:
    operator, own = Operator(), Key(INDEXES.kind, cluster.namespace, "shop")
    found = index()
    found["metadata"]["finalizers"] = ["example.com/kept", naming.FINALIZER]
    cluster.apply(found)

    def edit() -> None:
        cluster.apply({**found, "spec": {"sources": [*found["spec"]["sources"], {"name": "more", "inline": "x"}]}})

    def let_go() -> None:
        kept = {"metadata": {"finalizers": ["example.com/kept"]}}
        cluster.run("patch", "ki/shop", "--type=merge", "-p", json.dumps(kept))

    def delete() -> None:
        cluster.run("delete", "ki/shop", "--wait=false")

    async with connect(cluster.plane.kubeconfig, copies=operator.copies) as client:
        writer = Writer(client, Metrics(CollectorRegistry()))
        for generation, change in enumerate((edit, let_go, delete), start=1):
            await operator.catch_up(client, cluster.namespace)
            read = await client.get(INDEXES, cluster.namespace, "shop")
            assert read
            operator.woken.clear()
            change()
            await writer.apply_status(read, {"observedGeneration": generation})
            await operator.catch_up(client, cluster.namespace)
            assert operator.woken == [own]
    bare = {"metadata": {"finalizers": None}}
    cluster.run("patch", "ki/shop", "--type=merge", "-p", json.dumps(bare))
