"""The only module that writes objects: one request at a time.

Each write asks for leave first: an operator that lost its lease may write no more.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from kefu_operator import finalizers, naming, repair
from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, Conflict
from kefu_operator.events.ledger import Count, Ledger, Post
from kefu_operator.metrics import Metrics
from kefu_operator.resources import EVENTS, PODS, Resource, part_of, resource_of

Leave = Callable[[], float]
"""Asked when a write begins and again just before it is sent: how many seconds it may take. Raises NotLeading where it may not begin."""
WRITE_SECONDS = 30.0
"""How long a write may take where nobody competes."""


class Writer:
    """Writes objects, and counts its writes."""

    def __init__(
        self,
        client: Client,
        metrics: Metrics,
        leave: Leave = lambda: WRITE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._metrics = metrics
        self._leave = leave
        self._clock = clock
        self._ledger = Ledger()
        self._counter = cache(metrics.writes.labels)

    async def apply_status(self, owner: Object, status: Object) -> None:
        """Write the status of a user's object, which must be the very object that was read (same uid).

        Raises:
            ApiError: the API server refused or did not answer; Absent where the object is gone.
        """
        resource, meta = resource_of(owner), owner["metadata"]
        await self._apply_at(resource.path(meta["namespace"], meta["name"], "status"), part_of(owner, status=status))
        self._count(resource, "status")

    async def hold(self, owner: Object, finalizer: str) -> None:
        """Put a finalizer on a user's object, which must be the very object that was read (same uid).

        Raises:
            ApiError: the API server refused or did not answer; Conflict where the object is gone.
        """
        resource, meta = resource_of(owner), owner["metadata"]
        body = finalizers.holding(owner, finalizer)
        await self._apply_at(resource.path(meta["namespace"], meta["name"]), body, naming.FINALIZING)
        self._count(resource, "hold")

    async def let_go(self, owner: Object, finalizer: str) -> None:
        """Take a finalizer off a user's object, whoever put it there; one that is gone already is no error.

        Raises:
            ApiError: the API server refused or did not answer; Rejected where the object has changed since it was read.
        """
        resource, meta = resource_of(owner), owner["metadata"]
        patch = finalizers.letting_go(owner, finalizer)
        path = resource.path(meta["namespace"], meta["name"])
        options = {"content_type": "application/json-patch+json", "field_manager": naming.FINALIZING}
        try:
            await self._send("patch", path, patch, **options)
        except Absent:
            return
        self._count(resource, "let-go")

    async def create(self, desired: Object) -> bool:
        """Create an object that is never changed; False where one of that name exists.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        resource = resource_of(desired)
        try:
            path = resource.path(desired["metadata"]["namespace"])
            await self._write(desired, "post", path, desired, field_manager=naming.MANAGER)
        except Conflict:
            return False
        self._count(resource, "create")
        return True

    async def lacks(self, desired: Object) -> bool:
        """Ask, by a create that the API server only tries, whether there is no object of that name; nothing is written.

        For objects that may not be read.

        Raises:
            ApiError: the API server would refuse it, or did not answer.
        """
        path = resource_of(desired).path(desired["metadata"]["namespace"])
        try:
            await self._send("post", path, desired, field_manager=naming.MANAGER, dry_run="All")
        except Conflict:
            return False
        return True

    async def record(self, event: Object) -> None:
        """Post an event, or count on the equal one that stands; one too many of its object is left out.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        decision = self._ledger.decide(event, self._clock())
        if isinstance(decision, Count):
            try:
                await self._count_on(decision)
            except Absent:
                # The API server keeps events for an hour.
                self._ledger.lost(event)
                decision = self._ledger.decide(event, self._clock())
        if isinstance(decision, Post):
            await self.create(decision.event)
        self._metrics.events.labels({Post: "posted", Count: "counted"}.get(type(decision), "dropped")).inc()

    async def delete(self, live: Object) -> None:
        """Delete this very object (same uid) and, in the background, what it owns; one that is gone is no error.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        resource, meta = resource_of(live), live["metadata"]
        if meta.get("deletionTimestamp"):
            return
        options: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": meta["uid"]},
        }
        try:
            await self._send("delete", resource.path(meta["namespace"], meta["name"]), options)
        except (Absent, Conflict):
            self._client.copies.forget(live)
            return
        self._client.copies.forget(live)
        self._count(resource, "delete")

    async def nudge(self, namespace: str, pod: str, mark: str) -> None:
        """Have the pod's kubelet look at it now: it brings a changed ConfigMap at once instead of within a minute.

        Raises:
            ApiError: the API server refused or did not answer; Absent where the pod is gone.
        """
        meta = {"name": pod, "namespace": namespace, "annotations": {naming.NUDGE: mark}}
        body: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": meta}
        path = PODS.path(namespace, pod)
        await self._write(body, "patch", path, body, content_type="application/merge-patch+json")
        self._count(PODS, "nudge")

    async def _count_on(self, again: Count) -> None:
        patch = {name: again.event[name] for name in ("message", "lastTimestamp")} | {"count": again.count}
        path = EVENTS.path(again.event["metadata"]["namespace"], again.name)
        await self._write(again.event, "patch", path, patch, content_type="application/merge-patch+json")
        self._count(EVENTS, "patch")

    async def _apply_at(self, path: str, body: Object, manager: str = naming.MANAGER) -> Object:
        options: dict[str, Any] = {
            "content_type": "application/apply-patch+yaml",
            "field_manager": manager,
            "force_conflicts": True,
            # Fields that it does not know are errors of an apply in any case; to warn of them besides is a fourteenth of its work for us.
            "field_validation": "Ignore",
        }
        return await self._write(body, "patch", path, body, **options)

    async def _json_patch(self, live: Object, patch: repair.Patch) -> Object:
        resource, meta = resource_of(live), live["metadata"]
        path = resource.path(meta["namespace"], meta["name"])
        content_type = "application/json-patch+json"
        options = {"content_type": content_type, "field_manager": naming.MANAGER}
        patched = await self._write(live, "patch", path, patch, **options)
        self._count(resource, "repair")
        return patched

    async def _send(self, method: str, path: str, body: object, **options: Any) -> Object:
        """Every write goes through here, and asks for leave when it begins and when its bytes are about to be sent."""
        return await self._client.request(method, path, body=body, seconds=self._leave(), guard=self._leave, **options)

    async def _write(self, about: Object, method: str, path: str, body: object, **options: Any) -> Object:
        """A write of an object, which answers with it as it now is."""
        with self._client.copies.writing(about):
            written = await self._send(method, path, body, **options)
            self._client.copies.learn(written)
            return written

    def _count(self, resource: Resource, verb: str) -> None:
        self._counter(resource.kind, verb).inc()
