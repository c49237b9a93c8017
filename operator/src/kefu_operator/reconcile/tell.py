"""Telling: writes a status where it differs, and an event where Ready has changed."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel

from kefu_api.kinds.meta import Condition
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, Conflict, Forbidden
from kefu_operator.events.ready import ready_event
from kefu_operator.write import Writer

log = logging.getLogger(__name__)

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """RFC 3339 to the second, as `metav1.Time` has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dumped(status: BaseModel) -> Object:
    """A status as it is written: what is not known is left out."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


async def tell(
    writer: Writer,
    found: Object,
    status: Object,
    before: Iterable[Condition],
    after: Sequence[Condition],
    now: datetime,
) -> None:
    """Write the status, unless the object has it already.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    if (found.get("status") or {}) == status:
        return
    try:
        await writer.apply_status(found, status)
    except (Absent, Conflict):
        # The object went, or another of its name came; that one's own event brings its own reconcile.
        log.info("%s %s went before its status was written", found["kind"], found["metadata"]["name"])
        return
    event = ready_event(found, before, after, now)
    if event:
        await post(writer, event)


async def post(writer: Writer, event: Object) -> None:
    """Post an event; where the API server forbids it, the conditions tell it all.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    try:
        await writer.record(event)
    except Forbidden as error:
        # A namespace that is being deleted, or a quota on events.
        log.info("event not posted: %s", error)
