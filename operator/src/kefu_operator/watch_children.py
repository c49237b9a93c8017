"""Watching our kinds, what we made, and the ConfigMaps that users edit: list, then watch, for ever.

What reconciles read is kept as a packed copy; of the rest only a projection. A change of what is not in the projection
wakes nobody, nor does what we wrote ourselves and know already.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from random import uniform

from kefu_api import digest
from kefu_operator import naming
from kefu_operator.client.client import Client
from kefu_operator.config_map_files import config_map_files
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError, Expired, Silent
from kefu_operator.gather import pods
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.memory import Bodies, Memory, Projection, Projections
from kefu_operator.informers.store import Index, Place, Store, version_of
from kefu_operator.metrics import Metrics
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import (
    AUTOSCALERS,
    CHATBOTS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    INDEXES,
    JOBS,
    NETWORK_POLICIES,
    PODS,
    REVISIONS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)

log = logging.getLogger(__name__)

OURS = f"app.kubernetes.io/managed-by={naming.MANAGER}"
NOT_OURS = f"app.kubernetes.io/managed-by!={naming.MANAGER}"
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Between tries while the API server is away or a list's version is too old at once, each up to half longer: when it is back, foreign
changes are seen soon."""

Wakes = Callable[[Relations, Object], list[Key]]
"""Whom an object wakes."""


@dataclass(frozen=True)
class Subject:
    """What one watch is about."""

    resource: Resource
    labels: str
    seen: Wakes
    project: Projection = version_of
    """What of it matters."""
    gone: Wakes | None = None
    """Where it is another than `seen`."""
    kept: bool = True
    """Whether reconciles read it from a copy."""

    @property
    def title(self) -> str:
        """Label of its metrics."""
        return self.resource.kind if self.kept else f"User{self.resource.kind}"


def _generation(found: Object) -> object:
    # The status of these changes all the time, and says nothing that we tell.
    meta = found["metadata"]
    return meta["uid"], meta.get("generation"), meta.get("labels"), "deletionTimestamp" in meta


def _content(found: Object) -> object:
    return digest.of_files(config_map_files(found))


SUBJECTS = (
    Subject(INDEXES, "", Relations.index_seen, gone=Relations.index_gone),
    Subject(CHATBOTS, "", Relations.chatbot_seen, gone=Relations.chatbot_gone),
    *(Subject(resource, OURS, Relations.child_seen) for resource in (
        DEPLOYMENTS, STATEFUL_SETS, SERVICES, CONFIG_MAPS, CLAIMS, JOBS, NETWORK_POLICIES
    )),
    *(Subject(resource, OURS, Relations.child_seen, _generation) for resource in (
        AUTOSCALERS, DISRUPTION_BUDGETS, REVISIONS
    )),
    Subject(PODS, OURS, Relations.child_seen, pods.view),
    Subject(CONFIG_MAPS, NOT_OURS, Relations.config_map_seen, _content, kept=False),
)  # fmt: skip


def stores(engines: Index) -> dict[Resource, Store]:
    """An empty store for each kind that reconciles read from copies."""
    return {
        subject.resource: Store(engines if subject.resource is CHATBOTS else None, whole=not subject.labels)
        for subject in SUBJECTS
        if subject.kept
    }


class Watcher:
    """One watch over one kind."""

    def __init__(
        self,
        client: Client,
        subject: Subject,
        namespace: str | None,
        relations: Relations,
        wake: Callable[[Iterable[Key]], None],
        metrics: Metrics,
        copies: Copies,
    ) -> None:
        self._client = client
        self._subject = subject
        self._namespace = namespace
        self._relations = relations
        self._wake = wake
        self._metrics = metrics
        self._last_heard = metrics.watch_seen.labels(subject.title)
        self._copies = copies
        store = copies.store(subject.resource) if subject.kept else None
        self._memory: Memory = Bodies(store, subject.project) if store else Projections(subject.project)
        self.synced = asyncio.Event()
        self.pages = 0
        """Of lists, that have come so far."""
        self._expired = 0
        """How often in a row a watch from a list's version told nothing, for the version was too old already."""

    @property
    def title(self) -> str:
        """What it watches."""
        return self._subject.title

    def is_of(self, resource: Resource, namespaces: Collection[str | None]) -> bool:
        """Whether it watches a kind in one of the namespaces; None: in all of them."""
        return self._subject.kept and self._subject.resource == resource and self._namespace in namespaces

    def hear(self, found: Object, *, gone: bool) -> None:
        """Another watch has told of an object: whoever hears of it first wakes, the other has no news."""
        if gone:
            self._forget(_place(found), version_of(found))
        else:
            self._see(found)

    async def run(self) -> None:
        """List and watch until cancelled."""
        failures = 0
        while True:
            try:
                version = await self._list()
                failures = 0
                await self._follow(version)
            except Expired:
                self._restarted("expired")
                self._expired += 1
                await asyncio.sleep(_pause(self._expired))
            except ApiError as error:
                self._restarted("error")
                failures += 1
                delay = max(_pause(failures), error.retry_after)
                log.warning("watch of %s begins anew in %.1f s: %s", self._subject.title, delay, error)
                await asyncio.sleep(delay)

    async def _list(self) -> str:
        seen: set[Place] = set()
        version = ""
        async for page in self._client.pages(self._subject.resource, self._namespace, labels=self._subject.labels):
            for found in page.items:
                seen.add(_place(found))
                self._see(found)
                del found
            version = page.version
            self.pages += 1
            del page  # or it would be kept while the next one is fetched
            # The workers, the lease and the probes go on while thousands of objects are read.
            await asyncio.sleep(0)
        for place in set(self._memory.places(self._namespace)) - seen:
            self._forget(place, int(version))
        if self._subject.kept:
            self._copies.completed(self._subject.resource, self._namespace)
        self.synced.set()
        self._heard()
        return version

    async def _follow(self, version: str) -> None:
        while True:
            events = self._client.watch(self._subject.resource, self._namespace, version, labels=self._subject.labels)
            try:
                async for change, found in events:
                    self._heard()
                    self._expired = 0
                    version = found["metadata"]["resourceVersion"]
                    if change == "DELETED":
                        self._forget(_place(found), int(version))
                    elif change != "BOOKMARK":
                        self._see(found)
            except Silent:
                self._restarted("silent")

    def _see(self, found: Object) -> None:
        if not self._memory.see(found):
            return
        later = partial(self._tell_late, found)
        if not (self._subject.kept and self._copies.hold(self._subject.resource, found, later)):
            self._wake(self._subject.seen(self._relations, found))

    def _tell_late(self, found: Object) -> None:
        """Of news that were held: the object may have been written meanwhile, or be gone, which wakes by itself."""
        store = self._copies.store(self._subject.resource)
        newest = store.get(*_place(found)) if store else found
        if newest:
            self._wake(self._subject.seen(self._relations, newest))

    def _forget(self, place: Place, version: int) -> None:
        last = self._memory.drop(place, version)
        if last:
            self._wake((self._subject.gone or self._subject.seen)(self._relations, last))

    def _heard(self) -> None:
        self._last_heard.set(time.time())

    def _restarted(self, cause: str) -> None:
        self._metrics.watch_restarts.labels(self._subject.title, cause).inc()


def _pause(failures: int) -> float:
    """Seconds after so many failures in a row (from 1)."""
    return RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1] * uniform(1, 1.5)  # noqa: S311 - jitter


def _place(found: Object) -> Place:
    return found["metadata"]["namespace"], found["metadata"]["name"]
