"""The operator process: puts the parts together, starts them, and stops them in order."""

import asyncio
import logging
import socket
from collections.abc import Iterable
from contextlib import AsyncExitStack
from random import uniform
from uuid import uuid4

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry

from kefu_operator.apply import Applier
from kefu_operator.client.client import Client
from kefu_operator.client.connect import connect
from kefu_operator.desired.types import Object
from kefu_operator.discovery import Discovery
from kefu_operator.health import HealthServer
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.engines import engine_index
from kefu_operator.kinds import Kinds
from kefu_operator.leadership.elector import Candidate, Elector
from kefu_operator.leadership.releases import Releases
from kefu_operator.leadership.timing import Timing
from kefu_operator.listing import wait_for_lists
from kefu_operator.metrics import Metrics
from kefu_operator.prometheus import Prometheus
from kefu_operator.prometheus import connect as connect_prometheus
from kefu_operator.queue import Backoff, Key, KeyQueue
from kefu_operator.reconcile.chatbot import ChatbotReconciler
from kefu_operator.reconcile.engines import EnginesReconciler
from kefu_operator.reconcile.knowledge import KnowledgeReconciler
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.relations import ENGINES, Relations
from kefu_operator.resources import CHATBOTS, INDEXES, Resource
from kefu_operator.settings import Settings
from kefu_operator.watch import KopfThread
from kefu_operator.watch_children import SUBJECTS, Subject, Watcher, stores
from kefu_operator.watch_foreign import ForeignWatches
from kefu_operator.workers import Reconcile, Workers
from kefu_operator.write import WRITE_SECONDS

log = logging.getLogger(__name__)

RESYNC_SHARE = 0.2
"""Of the time between two resyncs, how much one is spread over: no burst of reads for thousands of objects."""
SETTLE_SECONDS = 0.05
"""Events that come together are answered together."""


class Operator:
    """Everything that runs in the operator's process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self.metrics = Metrics(self.registry)
        self.port = 0
        """Of the health server, once it runs."""
        engines = engine_index(settings.plan)
        self._relations = Relations(engines)
        self._copies = Copies(stores(engines), self._written)
        self._watchers: list[Watcher] = []
        self._workers: Workers | None = None
        self._kopf: KopfThread | None = None
        self._elector: Elector | None = None
        self._leading = False
        self._seen_all = False
        self._discovery: Discovery | None = None
        self._foreign: ForeignWatches | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises:
            SettingsError: there is no way to the API server.
            OSError: the port is in use.
            RuntimeError: a part ended by itself; the process must be started anew.
        """
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(connect(self._settings.kubeconfig, copies=self._copies))
            self._elector = self._make_elector(client)
            self._discovery = Discovery(client)
            prometheus = await stack.enter_async_context(connect_prometheus(self._settings.plan.prometheus_url))
            self._workers = self._make_workers(client, self._discovery, prometheus)
            self._lead(self._elector is None)
            self._watchers = [watcher for subject in SUBJECTS for watcher in self._watch(client, subject)]
            self._foreign = ForeignWatches(lambda subject: self._watch(client, subject))
            health = HealthServer(self.not_alive, self.not_ready, self.metrics)
            self.port = await health.start(self._settings.host, self._settings.port)
            stack.push_async_callback(health.stop)
            self._kopf = self._start_kopf(asyncio.get_running_loop())
            stack.push_async_callback(asyncio.to_thread, self._kopf.stop)
            log.info("operator started, health on port %d", self.port)
            await self._run_until(stop)
        log.info("operator stopped")

    def not_alive(self) -> str:
        """What only a restart would mend."""
        return "" if self._kopf and self._kopf.alive else "the watch of our kinds has ended"

    def not_ready(self) -> str:
        """What keeps the operator from working."""
        if self._kopf is None or not self._kopf.ready:
            return "our kinds are not watched yet"
        unseen = [watcher.title for watcher in self._watchers if not watcher.synced.is_set()]
        if unseen or not self._watchers:
            return f"not watched yet: {', '.join(sorted(set(unseen))) or 'anything'}"
        return self._elector.trouble if self._elector else ""

    def _make_elector(self, client: Client) -> Elector | None:
        place = self._settings.lease
        if place is None:
            return None
        identity = f"{socket.gethostname()}_{uuid4().hex[:8]}"
        timing, own = Timing(), (place.namespace, place.name)
        releases = Releases(client, own, self._settings.namespaces, self.metrics.rivals.set, seconds=timing.call)
        return Elector(client, Candidate(*own, identity), self._lead, timing, releases=releases)

    def _lead(self, leading: bool) -> None:
        """Begin to write, or cease to. A standby watches like the leader, and keeps what is to be reconciled."""
        self.metrics.leading.set(leading)
        self._leading = leading
        self._pause()
        if leading:
            self._wake(self._relations.everything())

    def _pause(self) -> None:
        if self._workers:
            self._workers.pause(not (self._leading and self._seen_all))

    async def _see_all(self) -> None:
        """Reconcile nothing before the watches have listed everything; where one cannot, it is read without its copies."""
        if not await wait_for_lists(self._watchers):
            log.warning("begins although %s", self.not_ready())
        self._seen_all = True
        self._pause()

    def _leave(self) -> float:
        return self._elector.tenure.leave() if self._elector else WRITE_SECONDS

    def _make_workers(self, client: Client, discovery: Discovery, prometheus: Prometheus | None) -> Workers:
        applier, board, settings = Applier(client, self.metrics, self._leave), RefusalBoard(), self._settings
        reconciles: dict[str, Reconcile] = {
            INDEXES.kind: KnowledgeReconciler(
                client, applier, settings.images, discovery, settings.network, prometheus=prometheus
            ),
            ENGINES: EnginesReconciler(
                client, applier, settings.images, settings.plan, board, discovery, settings.network
            ),
            CHATBOTS.kind: ChatbotReconciler(
                client, applier, settings.images, settings.plan, board, discovery, settings.network, prometheus
            ),
        }
        return Workers(
            KeyQueue(Backoff()), reconciles, self.metrics, limit=settings.workers, behind=self._relations.behind
        )

    def _watch(self, client: Client, subject: Subject) -> list[Watcher]:
        return [
            Watcher(client, subject, namespace, self._relations, self._wake, self.metrics, self._copies)
            for namespace in self._settings.namespaces or (None,)
        ]

    def _start_kopf(self, loop: asyncio.AbstractEventLoop) -> KopfThread:
        def seen(resource: Resource, found: Object, gone: bool) -> None:
            loop.call_soon_threadsafe(self._see, resource, found, gone)

        thread = KopfThread(seen, self._settings.namespaces, self._settings.kubeconfig)
        thread.start()
        return thread

    def _see(self, resource: Resource, found: Object, gone: bool) -> None:
        """kopf tells of one of ours; the watcher of its kind knows whether that is news."""
        namespaces = {None, found["metadata"]["namespace"]}
        for watcher in self._watchers:
            if watcher.is_of(resource, namespaces):
                watcher.hear(found, gone=gone)

    def _written(self, found: Object) -> None:
        self._wake(self._relations.written(found))

    def _kinds_seen(self, kinds: Kinds, changed: bool) -> None:
        assert self._foreign is not None  # noqa: S101 - made before anything is looked for
        self._foreign.follow(kinds)
        if changed:
            self._wake(self._relations.everything())

    def _wake(self, keys: Iterable[Key], over: float = 0) -> None:
        """Let keys be reconciled soon, each at a random time of the next `over` seconds."""
        if self._workers:
            for key in keys:
                self._workers.add(key, SETTLE_SECONDS + uniform(0, over))  # noqa: S311 - jitter

    async def _run_until(self, stop: asyncio.Event) -> None:
        """The workers finish what they have begun; all others are simply ended."""
        assert self._workers and self._discovery and self._foreign  # noqa: S101 - made just before
        working = asyncio.create_task(self._workers.run(stop), name="workers")
        others = [asyncio.create_task(watcher.run()) for watcher in self._watchers]
        others += [asyncio.create_task(self._resync()), asyncio.create_task(self._discovery.run(self._kinds_seen))]
        others.append(asyncio.create_task(self._guard_kopf()))
        seeing = asyncio.create_task(self._see_all())
        electing = [asyncio.create_task(self._elector.run())] if self._elector else []
        done, _ = await asyncio.wait({working, *others, *electing}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        for task in (seeing, *others):
            task.cancel()
        await asyncio.gather(seeing, *others, return_exceptions=True)
        await self._foreign.stop()
        await working
        # The lease is renewed until the last write has ended.
        for task in electing:
            task.cancel()
        await asyncio.gather(*electing, return_exceptions=True)
        if self._elector:
            await self._elector.release()
        for task in done - {working}:
            error = None if task.cancelled() else task.exception()
            raise RuntimeError(f"a part of the operator ended by itself: {error}") from error

    async def _resync(self) -> None:
        """Look at everything again now and then: what no event tells of is found then."""
        while True:
            await asyncio.sleep(self._settings.resync_seconds * uniform(0.8, 1.2))  # noqa: S311 - jitter
            self._wake(self._relations.everything(), over=self._settings.resync_seconds * RESYNC_SHARE)

    async def _guard_kopf(self) -> None:
        if self._kopf:
            await asyncio.to_thread(self._kopf.wait)
