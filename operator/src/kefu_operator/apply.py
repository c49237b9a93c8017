"""Making what is there as it should be: server-side apply under one field manager, repair of what others changed, pruning."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from kefu_operator import naming, repair
from kefu_operator.desired.metadata import identity
from kefu_operator.desired.types import Object
from kefu_operator.errors import REFUSED, ApiError, Conflict, NotOurs, Rejected, Unadmitted
from kefu_operator.resources import Resource, part_of, resource_of
from kefu_operator.settled import is_settled, leftover, owned_fields
from kefu_operator.write import Writer

NO_VERSION = "1"
"""A resource version that no object has: etcd's first revisions are the API server's own."""

Refusals = tuple[ApiError | NotOurs, ...]
"""What the API server would not let us write, for the status to tell."""

_Outcome = ApiError | NotOurs | Object | None
"""Of one object: why it was refused, or the object as it was written, or None where nothing had to be."""


class Synced(NamedTuple):
    """What came of making things as they should be."""

    refusals: Refusals
    written: tuple[Object, ...] = ()
    """As the API server has them now."""
    deleted: tuple[Object, ...] = ()

    def over(self, live: Iterable[Object]) -> tuple[Object, ...]:
        """What stands now, where this stood before."""
        now = {identity(each): each for each in (*live, *self.written)}
        for each in self.deleted:
            del now[identity(each)]
        return tuple(now.values())


class Applier(Writer):
    """Writes what differs from what is wanted, and nothing else."""

    async def sync(self, desired: Sequence[Object], live: Iterable[Object], keep: Iterable[Resource] = ()) -> Synced:
        """Make `live` what is desired: apply each object, then delete those of `live` that nobody wants any more.

        A refused object does not keep the others from being written. Where an admission webhook does not answer, for which the API
        server may wait half a minute, it is asked for one object of each kind.

        Args:
            desired: in the order in which they are to be written.
            live: every object that we made for this owner.
            keep: kinds that are never pruned here.

        Raises:
            Temporary: the API server is away; the rest is left for the next try.
        """
        found = {identity(each): each for each in live}
        wanted = {identity(each) for each in desired}
        refusals: list[ApiError | NotOurs] = []
        written: list[Object] = []
        unadmitted: dict[Resource, Unadmitted] = {}
        for each in desired:
            outcome = unadmitted.get(resource_of(each)) or await self._try_apply(each, found.get(identity(each)))
            if isinstance(outcome, Unadmitted):
                unadmitted[resource_of(each)] = outcome
            if isinstance(outcome, ApiError | NotOurs):
                refusals.append(outcome)
            elif outcome:
                written.append(outcome)
        doomed = [
            each
            for identity, each in found.items()
            if identity not in wanted and resource_of(each) not in tuple(keep) and not _is_retained(each)
        ]
        for each in doomed:
            await self.delete(each)
        return Synced(tuple(dict.fromkeys(refusals)), tuple(written), tuple(doomed))

    async def apply(self, desired: Object, live: Object | None) -> Object | None:
        """Apply one object, which is returned as it is then; None where nothing had to be written.

        Raises:
            NotOurs: an object of that name exists and was made by somebody else.
            ApiError: the API server refused or did not answer.
        """
        resource, mark = resource_of(desired), _mark(desired)
        if live is None:
            return await self._apply_new(resource, desired)
        if self._is_settled(live, desired, mark):
            self._metrics.skipped.labels(resource.kind).inc()
            return None
        await self._hand_over(live, desired)
        try:
            applied = await self._apply_patch(desired)
        except Rejected as refusal:
            if not repair.is_mendable(resource):
                raise
            await self._replace(desired, live, refusal)
            applied = await self._apply_patch(desired)
        return await self._disown(applied, mark)

    async def _try_apply(self, desired: Object, live: Object | None) -> _Outcome:
        try:
            return await self.apply(desired, live)
        except (*REFUSED, NotOurs) as refusal:
            return refusal

    def _is_settled(self, live: Object, desired: Object, mark: int) -> bool:
        copies = self._client.copies
        if copies.is_marked(live, mark):
            return True
        if not is_settled(live, desired, naming.MANAGER) or leftover(live, naming.MANAGER) is not None:
            return False
        copies.mark(live, mark)
        return True

    async def _apply_new(self, resource: Resource, desired: Object) -> Object | None:
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
        return made

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
        await self._apply_at(resource.path(meta["namespace"], meta["name"]), part_of(live, spec=value), naming.HANDOVER)
        self._count(resource, "handover")

    async def _replace(self, desired: Object, live: Object, refusal: Rejected) -> None:
        """Make way for what was refused; where that is refused too, it was not the others' fault."""
        try:
            await self._json_patch(live, repair.replacement(live, desired))
        except Rejected:
            raise refusal from None

    async def _disown(self, applied: Object, mark: int) -> Object:
        place = leftover(applied, naming.MANAGER)
        if place is None:
            self._client.copies.mark(applied, mark)
            return applied
        return await self._json_patch(applied, repair.disowning(applied, place))


def _is_retained(found: Object) -> bool:
    return naming.RETAINED in found["metadata"].get("labels", {})


def _mark(desired: Object) -> int:
    """Stands for what we want, within this process."""
    return hash(orjson.dumps(desired))


def is_ours(found: Object) -> bool:
    """Whether we made an object: its label says so, or, where somebody took that off, its fields do."""
    labelled = found["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == naming.MANAGER
    return labelled or owned_fields(found, naming.MANAGER) is not None
