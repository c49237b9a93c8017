"""The events that tell of a change of Ready, of being stuck before it was ever so, of answering with less, and of a rollout's end."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kefu_api import digest
from kefu_api.kinds.meta import Condition
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.status.reasons import Reason

MAX_NOTE = 1000
"""Characters; the API server allows 1024 bytes in newer events, and cuts none of ours."""


def ready_event(found: Object, before: Iterable[Condition], after: Iterable[Condition], now: datetime) -> Object | None:
    """The event that tells of a change of Ready, that what was not ready is stuck, or that what is ready has parts that fail.

    None where none of them is news.
    """
    was, now_is = ({each.type: each for each in told} for told in (before, after))
    old, new = was.get("Ready"), now_is.get("Ready")
    if new is None:
        return None
    moment, good = now.astimezone(UTC), new.status == "True" and new.reason != Reason.DEGRADED
    if old is not None and old.status == new.status == "True":
        name = f"{found['kind'].lower()}.{moment:%Y%m%d%H%M%S}.degraded"
        news = not good and old.reason != new.reason
        return _event(found, name, good, new.reason, new.message, moment) if news else None
    if (old is None and new.status != "True") or (old is not None and old.status == new.status):
        return _stuck_event(found, was.get("Stalled"), now_is.get("Stalled"), now)
    # One name a change: a change that is told twice is refused as existing already. An index and a chatbot of one name
    # may change in the same second.
    name = f"{found['kind'].lower()}.{moment:%Y%m%d%H%M%S}.{new.status.lower()}"
    return _event(found, name, good, new.reason, new.message, moment)


def _stuck_event(found: Object, old: Condition | None, new: Condition | None, now: datetime) -> Object | None:
    if new is None or new.status != "True" or (old is not None and old.status == "True"):
        return None
    moment = now.astimezone(UTC)
    name = f"{found['kind'].lower()}.{moment:%Y%m%d%H%M%S}.stuck"
    return _event(found, name, good=False, reason=new.reason, message=new.message, moment=moment)


def release_event(found: Object, reason: str, release: str, began: str, message: str, now: datetime) -> Object:
    """The event that tells how a release's way to the customers ended; one name an ending, told as often as it may be."""
    name = f"{release}.{digest.of_text(f'{began} {reason}')[:8]}"
    return _event(found, name, reason == "Promoted", reason, message, now.astimezone(UTC))


def departure_event(found: Object, left: str, message: str, now: datetime) -> Object:
    """The event that tells what became of what an index wrote to its store; `left`: why something stays, or empty."""
    reason = "LeftInStore" if left else "RemovedFromStore"
    moment = now.astimezone(UTC)
    return _event(found, f"{found['metadata']['uid'][:8]}.{reason.lower()}", not left, reason, message, moment)


def _event(found: Object, name: str, good: bool, reason: str, message: str, moment: datetime) -> Object:
    meta = found["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta['name']}.{name}", "namespace": meta["namespace"]},
        "involvedObject": {
            "apiVersion": found["apiVersion"],
            "kind": found["kind"],
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        },
        "type": "Normal" if good else "Warning",
        "reason": reason,
        "message": message.encode()[:MAX_NOTE].decode(errors="ignore"),
        "source": {"component": naming.MANAGER},
        "reportingComponent": naming.MANAGER,
        "firstTimestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "lastTimestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "count": 1,
    }
