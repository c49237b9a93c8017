"""The only module that writes objects: server-side apply under one field manager, creation, deletion, pruning and status.

Each write asks for leave first: an operator that lost its lease may write no more.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from kefu_operator import finalizers, naming, repair
from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, ApiError, Conflict, Forbidden, NotOurs, Rejected
from kefu_operator.events.ledger import Count, Ledger, Post
from kefu_operator.metrics import Metrics
from kefu_operator.resources import EVENTS, PODS, Resource, resource_of
from kefu_operator.settled import is_settled, leftover, owned_fields

Leave = Callable[[], float]
"""Asked when a write begins and again just before it is sent: how many seconds it may take. Raises NotLeading where it may not begin."""
WRITE_SECONDS = 30.0
"""How long a write may take where nobody competes."""

NO_VERSION = "1"
"""A resource version that no object has: etcd's first revisions are the API server's own."""

Refusals = tuple[ApiError | NotOurs, ...]
"""What the API server would not let us write, for the status to tell."""


class Synced(NamedTuple):
    """What came of making things as they should be."""

    refusals: Refusals
    changed: bool
    """Whether anything was written."""


class Applier:
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

    async def sync(self, desired: Sequence[Object], live: Iterable[Object], keep: Iterable[Resource] = ()) -> Synced:
        """Make `live` what is desired: apply each object, then delete those of `live` that nobody wants any more.

        A refused object does not keep the others from being written.

        Args:
            desired: in the order in which they are to be written.
            live: every object that we made for this owner.
            keep: kinds that are never pruned here.

        Raises:
            Temporary: the API server is away; the rest is left for the next try.
        """
        found = {_identity(each): each for each in live}
        wanted = {_identity(each) for each in desired}
        outcomes = [await self._try_apply(each, found.get(_identity(each))) for each in desired]
        doomed = [
            each
            for identity, each in found.items()
            if identity not in wanted and resource_of(each) not in tuple(keep) and not _is_retained(each)
        ]
        for each in doomed:
            await self.delete(each)
        refusals = tuple(outcome for outcome in outcomes if not isinstance(outcome, bool))
        return Synced(refusals, bool(doomed) or True in outcomes)

    async def apply(self, desired: Object, live: Object | None) -> bool:
        """Apply one object; False where nothing had to be written.

        Raises:
            NotOurs: an object of that name exists and was made by somebody else.
            ApiError: the API server refused or did not answer.
        """
        resource, mark = resource_of(desired), _mark(desired)
        if live is None:
            return await self._apply_new(resource, desired)
        if self._is_settled(live, desired, mark):
            self._metrics.skipped.labels(resource.kind).inc()
            return False
        if live is not None:
            await self._hand_over(live, desired)
        try:
            applied = await self._apply_patch(desired)
        except Rejected as refusal:
            if not repair.is_mendable(resource):
                raise
            await self._replace(desired, live, refusal)
            applied = await self._apply_patch(desired)
        await self._disown(applied, mark)
        return True

    async def apply_status(self, owner: Object, status: Object) -> None:
        """Write the status of a user's object, which must be the very object that was read (same uid).

        Raises:
            ApiError: the API server refused or did not answer; Absent where the object is gone.
        """
        resource, meta = resource_of(owner), owner["metadata"]
        body = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
            "status": status,
        }
        await self._apply_at(resource.path(meta["namespace"], meta["name"], "status"), body)
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

    async def _count_on(self, again: Count) -> None:
        patch = {name: again.event[name] for name in ("message", "lastTimestamp")} | {"count": again.count}
        path = EVENTS.path(again.event["metadata"]["namespace"], again.name)
        await self._write(again.event, "patch", path, patch, content_type="application/merge-patch+json")
        self._count(EVENTS, "patch")

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

    async def _try_apply(self, desired: Object, live: Object | None) -> ApiError | NotOurs | bool:
        try:
            return await self.apply(desired, live)
        except (Forbidden, Rejected, NotOurs) as refusal:
            return refusal

    def _is_settled(self, live: Object, desired: Object, mark: int) -> bool:
        copies = self._client.copies
        if copies.is_marked(live, mark):
            return True
        if not is_settled(live, desired, naming.MANAGER) or leftover(live, naming.MANAGER) is not None:
            return False
        copies.mark(live, mark)
        return True

    async def _apply_new(self, resource: Resource, desired: Object) -> bool:
        """Apply what our labels do not find: it is not there, or it is not ours, or somebody took our labels off it.

        A resource version that no object has lets the API server make the object and touch none that exists.
        """
        meta = desired["metadata"]
        absent = {**desired, "metadata": {**meta, "resourceVersion": NO_VERSION}}
        try:
            made = await self._apply_patch(absent)
        except Conflict:
            found = await self._client.get_fresh(resource, meta["namespace"], meta["name"])
            if found is None:
                raise
            if not is_ours(found):
                raise NotOurs(
                    f"{resource.kind} {meta['name']} exists and was not made by Kefu: delete or rename it, or rename yours"
                ) from None
            return await self.apply(desired, found)
        self._client.copies.mark(made, _mark(desired))
        return True

    async def _apply_patch(self, desired: Object) -> Object:
        resource, meta = resource_of(desired), desired["metadata"]
        applied = await self._apply_at(resource.path(meta["namespace"], meta["name"]), desired)
        self._count(resource, "apply")
        return applied

    async def _hand_over(self, live: Object, desired: Object) -> None:
        """Let others own what we stop to apply: a number of replicas that nobody owned would become 1."""
        value = repair.handed_over(live, desired, naming.MANAGER)
        if value is None:
            return
        resource, meta = resource_of(live), live["metadata"]
        body = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
            "spec": value,
        }
        await self._apply_at(resource.path(meta["namespace"], meta["name"]), body, naming.HANDOVER)
        self._count(resource, "handover")

    async def _replace(self, desired: Object, live: Object, refusal: Rejected) -> None:
        """Make way for what was refused; where that is refused too, it was not the others' fault."""
        try:
            await self._json_patch(live, repair.replacement(live, desired))
        except Rejected:
            raise refusal from None

    async def _disown(self, applied: Object, mark: int) -> None:
        place = leftover(applied, naming.MANAGER)
        if place is None:
            self._client.copies.mark(applied, mark)
        else:
            await self._json_patch(applied, repair.disowning(applied, place))

    async def _json_patch(self, live: Object, patch: repair.Patch) -> None:
        resource, meta = resource_of(live), live["metadata"]
        path = resource.path(meta["namespace"], meta["name"])
        content_type = "application/json-patch+json"
        await self._write(live, "patch", path, patch, content_type=content_type, field_manager=naming.MANAGER)
        self._count(resource, "repair")

    async def _apply_at(self, path: str, body: Object, manager: str = naming.MANAGER) -> Object:
        options: dict[str, Any] = {
            "content_type": "application/apply-patch+yaml",
            "field_manager": manager,
            "force_conflicts": True,
        }
        return await self._write(body, "patch", path, body, **options)

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
        self._metrics.writes.labels(resource.kind, verb).inc()


def _is_retained(found: Object) -> bool:
    return naming.RETAINED in found["metadata"].get("labels", {})


def _mark(desired: Object) -> int:
    """Stands for what we want, within this process."""
    return hash(orjson.dumps(desired))


def is_ours(found: Object) -> bool:
    """Whether we made an object: its label says so, or, where somebody took that off, its fields do."""
    labelled = found["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == naming.MANAGER
    return labelled or owned_fields(found, naming.MANAGER) is not None


def _identity(found: Object) -> tuple[str, str, str]:
    return found["kind"], found["metadata"]["namespace"], found["metadata"]["name"]
