"""Watching what we made, and the ConfigMaps that users edit: list, then watch, for ever.

Unlike kopf's, these watches select by label on the server. Of each object only a projection is kept; a change of what is
not in the projection wakes nobody.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import uniform

from kefu_api import digest
from kefu_operator import naming
from kefu_operator.client import Client
from kefu_operator.config_map_files import config_map_files
from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError, Expired
from kefu_operator.gather import pods
from kefu_operator.metrics import Metrics
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import (
    AUTOSCALERS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    JOBS,
    PODS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)

log = logging.getLogger(__name__)

OURS = f"app.kubernetes.io/managed-by={naming.MANAGER}"
NOT_OURS = f"app.kubernetes.io/managed-by!={naming.MANAGER}"
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Between tries while the API server is away, each up to half longer: when it is back, foreign changes are seen soon."""

Projection = Callable[[Object], object]


@dataclass(frozen=True)
class Subject:
    """What one watch is about."""

    resource: Resource
    labels: str
    project: Projection
    wakes: Callable[[Relations, Object], list[Key]]

    @property
    def title(self) -> str:
        """Label of its metrics."""
        return self.resource.kind if self.labels == OURS else f"User{self.resource.kind}"


def _version(found: Object) -> object:
    return found["metadata"]["resourceVersion"]


def _generation(found: Object) -> object:
    # The status of these changes all the time, and says nothing that we tell.
    meta = found["metadata"]
    return meta["uid"], meta.get("generation"), meta.get("labels"), "deletionTimestamp" in meta


def _content(found: Object) -> object:
    return digest.of_files(config_map_files(found))


def _user_config_map(relations: Relations, found: Object) -> list[Key]:
    return relations.config_map_seen(found["metadata"]["namespace"], found["metadata"]["name"])


SUBJECTS = (
    *(Subject(resource, OURS, _version, Relations.child_seen) for resource in (
        DEPLOYMENTS, STATEFUL_SETS, SERVICES, CONFIG_MAPS, CLAIMS, JOBS
    )),
    *(Subject(resource, OURS, _generation, Relations.child_seen) for resource in (AUTOSCALERS, DISRUPTION_BUDGETS)),
    Subject(PODS, OURS, pods.view, Relations.child_seen),
    Subject(CONFIG_MAPS, NOT_OURS, _content, _user_config_map),
)  # fmt: skip


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
    ) -> None:
        self._client = client
        self._subject = subject
        self._namespace = namespace
        self._relations = relations
        self._wake = wake
        self._metrics = metrics
        self._known: dict[tuple[str, str], object] = {}
        self._labels: dict[tuple[str, str], Object] = {}
        self.synced = False

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
            except ApiError as error:
                self._restarted("error")
                base = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                delay = max(base * uniform(1, 1.5), error.retry_after)  # noqa: S311 - jitter
                failures += 1
                log.warning("watch of %s begins anew in %.1f s: %s", self._subject.title, delay, error)
                await asyncio.sleep(delay)

    async def _list(self) -> str:
        listing = await self._client.list(self._subject.resource, self._namespace, labels=self._subject.labels)
        seen = {_place(found) for found in listing.items}
        for found in listing.items:
            self._see(found)
        for place in set(self._known) - seen:
            self._forget(place)
        self.synced = True
        self._heard()
        return listing.version

    async def _follow(self, version: str) -> None:
        while True:
            events = self._client.watch(self._subject.resource, self._namespace, version, labels=self._subject.labels)
            async for change, found in events:
                self._heard()
                version = found["metadata"]["resourceVersion"]
                if change == "DELETED":
                    self._forget(_place(found))
                elif change != "BOOKMARK":
                    self._see(found)

    def _see(self, found: Object) -> None:
        place, projection = _place(found), self._subject.project(found)
        if self._known.get(place) == projection:
            return
        self._known[place] = projection
        # Who is to be woken when it goes is written on it; a DELETED that a list finds shows it no more.
        meta = found["metadata"]
        self._labels[place] = {
            "metadata": {"namespace": place[0], "name": place[1], "labels": meta.get("labels") or {}}
        }
        self._wake(self._subject.wakes(self._relations, found))

    def _forget(self, place: tuple[str, str]) -> None:
        self._known.pop(place, None)
        last = self._labels.pop(place, None)
        if last:
            self._wake(self._subject.wakes(self._relations, last))

    def _heard(self) -> None:
        self._metrics.watch_seen.labels(self._subject.title).set(time.time())

    def _restarted(self, cause: str) -> None:
        self._metrics.watch_restarts.labels(self._subject.title, cause).inc()


def _place(found: Object) -> tuple[str, str]:
    return found["metadata"]["namespace"], found["metadata"]["name"]
