"""The only module that writes objects: server-side apply under one field manager, creation, deletion, pruning and status.

Each write asks for leave first: an operator that lost its lease may write no more.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kefu_operator import naming, repair
from kefu_operator.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, ApiError, Conflict, Forbidden, NotOurs, Rejected
from kefu_operator.metrics import Metrics
from kefu_operator.resources import Resource, resource_of
from kefu_operator.settled import is_settled, leftover

Leave = Callable[[], float]
"""Asked when a write begins and again just before it is sent: how many seconds it may take. Raises NotLeading where it may not begin."""
WRITE_SECONDS = 30.0
"""How long a write may take where nobody competes."""

Refusals = tuple[ApiError | NotOurs, ...]
"""What the API server would not let us write, for the status to tell."""


class Applier:
    """Writes objects, and counts its writes."""

    def __init__(self, client: Client, metrics: Metrics, leave: Leave = lambda: WRITE_SECONDS) -> None:
        self._client = client
        self._metrics = metrics
        self._leave = leave

    async def sync(self, desired: Sequence[Object], live: Iterable[Object], keep: Iterable[Resource] = ()) -> Refusals:
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
        refusals = [await self._try_apply(each, found.get(_identity(each))) for each in desired]
        for identity, each in found.items():
            if identity not in wanted and resource_of(each) not in tuple(keep) and not _is_retained(each):
                await self.delete(each)
        return tuple(refusal for refusal in refusals if refusal)

    async def apply(self, desired: Object, live: Object | None) -> bool:
        """Apply one object; False where nothing had to be written.

        Raises:
            NotOurs: an object of that name exists and was made by somebody else.
            ApiError: the API server refused or did not answer.
        """
        resource = resource_of(desired)
        if live is None:
            await self._refuse_foreign(resource, desired)
        elif is_settled(live, desired, naming.MANAGER) and leftover(live, naming.MANAGER) is None:
            self._metrics.skipped.labels(resource.kind).inc()
            return False
        try:
            applied = await self._apply_patch(desired)
        except Rejected as refusal:
            if live is None or not repair.is_mendable(resource):
                raise
            await self._replace(desired, live, refusal)
            applied = await self._apply_patch(desired)
        await self._disown(applied)
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

    async def create(self, desired: Object) -> bool:
        """Create an object that is never changed; False where one of that name exists.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        resource = resource_of(desired)
        try:
            path = resource.path(desired["metadata"]["namespace"])
            await self._send("post", path, desired, field_manager=naming.MANAGER)
        except Conflict:
            return False
        self._count(resource, "create")
        return True

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
            return
        self._count(resource, "delete")

    async def _try_apply(self, desired: Object, live: Object | None) -> ApiError | NotOurs | None:
        try:
            await self.apply(desired, live)
        except (Forbidden, Rejected, NotOurs) as refusal:
            return refusal
        return None

    async def _refuse_foreign(self, resource: Resource, desired: Object) -> None:
        """An object that our labels do not find is not there, or it is not ours."""
        meta = desired["metadata"]
        found = await self._client.get(resource, meta["namespace"], meta["name"])
        if found is None:
            return
        managed = found["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by")
        if managed != naming.MANAGER:
            raise NotOurs(
                f"{resource.kind} {meta['name']} exists and was not made by Kefu: delete or rename it, or rename yours"
            )

    async def _apply_patch(self, desired: Object) -> Object:
        resource, meta = resource_of(desired), desired["metadata"]
        applied = await self._apply_at(resource.path(meta["namespace"], meta["name"]), desired)
        self._count(resource, "apply")
        return applied

    async def _replace(self, desired: Object, live: Object, refusal: Rejected) -> None:
        """Make way for what was refused; where that is refused too, it was not the others' fault."""
        try:
            await self._json_patch(live, repair.replacement(live, desired))
        except Rejected:
            raise refusal from None

    async def _disown(self, applied: Object) -> None:
        place = leftover(applied, naming.MANAGER)
        if place is not None:
            await self._json_patch(applied, repair.disowning(applied, place))

    async def _json_patch(self, live: Object, patch: repair.Patch) -> None:
        resource, meta = resource_of(live), live["metadata"]
        path = resource.path(meta["namespace"], meta["name"])
        content_type = "application/json-patch+json"
        await self._send("patch", path, patch, content_type=content_type, field_manager=naming.MANAGER)
        self._count(resource, "repair")

    async def _apply_at(self, path: str, body: Object) -> Object:
        options: dict[str, Any] = {
            "content_type": "application/apply-patch+yaml",
            "field_manager": naming.MANAGER,
            "force_conflicts": True,
        }
        return await self._send("patch", path, body, **options)

    async def _send(self, method: str, path: str, body: object, **options: Any) -> Object:
        """Every write goes through here, and asks for leave when it begins and when its bytes are about to be sent."""
        return await self._client.request(method, path, body=body, seconds=self._leave(), guard=self._leave, **options)

    def _count(self, resource: Resource, verb: str) -> None:
        self._metrics.writes.labels(resource.kind, verb).inc()


def _is_retained(found: Object) -> bool:
    return naming.RETAINED in found["metadata"].get("labels", {})


def _identity(found: Object) -> tuple[str, str, str]:
    return found["kind"], found["metadata"]["namespace"], found["metadata"]["name"]
