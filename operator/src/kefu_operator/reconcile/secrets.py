"""Making the Secrets that are missing without ever reading one: the operator has no right to."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kefu_operator.apply import Refusals
from kefu_operator.desired.types import Object
from kefu_operator.errors import REFUSED
from kefu_operator.reconcile.tell import Now
from kefu_operator.write import Writer

AGAIN = timedelta(seconds=60)
"""Between two looks for what is most likely there: a Secret that was deleted, to rotate it, is noticed by the next."""


class SecretMaker:
    """Of one kind's objects."""

    def __init__(self, writer: Writer, now: Now) -> None:
        self._writer = writer
        self._now = now
        self._looked: dict[tuple[str, str], tuple[datetime, int]] = {}
        """When, and for which, as a hash of their names: as many are kept as there are objects."""

    async def make(
        self,
        owner: Object,
        names: Sequence[str],
        make: Callable[[], Sequence[Object]],
        follower: Object | None,
        *,
        waits: bool,
    ) -> Refusals:
        """Create what is missing, as far as it is time to.

        They come before the workload that mounts them, so one of ours proves that they were made; a pod that waits for a
        volume may wait for them.

        Args:
            owner: the user's object.
            names: of the Secrets; others than at the last look are looked for at once.
            make: gives the Secrets, each with a new value.
            follower: the Deployment that is applied after them, as it is.
            waits: whether a pod of the owner does not come to be.

        Raises:
            ApiError: the API server did not answer.
        """
        meta, now = owner["metadata"], self._now()
        key = (meta["namespace"], meta["name"])
        made = follower is not None and any(
            reference["uid"] == meta["uid"] for reference in follower["metadata"].get("ownerReferences", ())
        )
        likely, wanted = made and not waits, hash(tuple(names))
        looked, known = self._looked.setdefault(key, (now, wanted))
        if likely and known == wanted and now - looked < AGAIN:
            return ()
        self._looked[key] = now, wanted
        try:
            for secret in make():
                # A create that is refused because the Secret is there would be a write that the steady state has no use for.
                if not likely or await self._writer.lacks(secret):
                    await self._writer.create(secret)
        except REFUSED as refusal:
            return (refusal,)
        return ()

    def forget(self, namespace: str, name: str) -> None:
        """The owner is gone."""
        self._looked.pop((namespace, name), None)
