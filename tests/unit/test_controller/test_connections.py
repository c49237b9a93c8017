"""However many namespaces are watched, calls find a connection."""

import asyncio
import json
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from kefu_operator import watch_foreign
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.engines import engine_index
from kefu_operator.leadership.elector import Candidate, Elector
from kefu_operator.metrics import Metrics
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.relations import Relations
from kefu_operator.watch import KopfThread
from kefu_operator.watch_children import SUBJECTS, Watcher, stores
from tests.unit.test_controller.test_client import client_of

NAMESPACES = ("a", "b", "c", "d")
ALL = (*SUBJECTS, *watch_foreign.SUBJECTS)


class HoldingServer:
    """Lists nothing, keeps every watch open, and has a lease that nobody holds."""

    def __init__(self) -> None:
        self.watching = 0
        self.watched = asyncio.Event()
        meta = {"name": "kefu", "namespace": "kefu", "resourceVersion": "1"}
        self.lease = {"metadata": meta, "spec": {"holderIdentity": ""}}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await self._watch(request)
        if "/leases" not in request.path:
            return web.json_response({"items": [], "metadata": {"resourceVersion": "5"}})
        if request.method == "PUT":
            self.lease = await request.json()
        return web.json_response(self.lease)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.watching += 1
        if self.watching == len(ALL) * len(NAMESPACES):
            self.watched.set()
        await asyncio.sleep(60)
        return response


async def test_watches_of_many_namespaces_leave_connections_for_the_lease(tmp_path: Path) -> None:
    engines = engine_index(PlanSettings())
    copies, relations, metrics = Copies(stores(engines)), Relations(engines), Metrics(CollectorRegistry())
    server = HoldingServer()
    async with client_of(server.answer, tmp_path, 90, copies) as client, asyncio.timeout(30):
        tasks = [
            asyncio.create_task(Watcher(client, subject, each, relations, lambda _: None, metrics, copies).run())
            for subject in ALL
            for each in NAMESPACES
        ]
        try:
            await server.watched.wait()
            elector = Elector(client, Candidate("kefu", "kefu", "me"), lambda _: None)
            await elector.stand()
            assert (elector.trouble, elector.tenure.holds) == ("", True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert server.lease["spec"]["holderIdentity"] == "me"


async def test_kopf_may_watch_as_many_namespaces(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps({
        "current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {}}], "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }))  # fmt: skip
    login = await KopfThread(lambda *_: None, NAMESPACES, config)._login()
    assert login.aiohttp_session.connector
    # Two kinds a namespace, and aiohttp's own limit is a hundred.
    assert login.aiohttp_session.connector.limit == 0
    await login.aiohttp_session.close()
