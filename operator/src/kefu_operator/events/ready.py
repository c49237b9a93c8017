"""The events that tell of a change of Ready, and of the end of a rollout."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kefu_api import digest
from kefu_api.kinds.meta import Condition
from kefu_operator import naming
from kefu_operator.desired.types import Object

MAX_NOTE = 1000
"""Characters; the API server allows 1024 bytes in newer events, and cuts none of ours."""


def ready_event(found: Object, before: Iterable[Condition], after: Iterable[Condition], now: datetime) -> Object | None:
    """The event that tells of a change of Ready; None where it has not changed."""
    old = next((condition for condition in before if condition.type == "Ready"), None)
    new = next((condition for condition in after if condition.type == "Ready"), None)
    if new is None or (old is not None and old.status == new.status):
        return None
    if old is None and new.status != "True":
        return None
    moment = now.astimezone(UTC)
    # One name a change: a change that is told twice is refused as existing already. An index and a chatbot of one name
    # may change in the same second.
    name = f"{found['kind'].lower()}.{moment:%Y%m%d%H%M%S}.{new.status.lower()}"
    return _event(found, name, new.status == "True", new.reason, new.message, moment)


def release_event(found: Object, reason: str, release: str, began: str, message: str, now: datetime) -> Object:
    """The event that tells how a release's way to the customers ended; one name an ending, told as often as it may be."""
    name = f"{release}.{digest.of_text(f'{began} {reason}')[:8]}"
    return _event(found, name, reason == "Promoted", reason, message, now.astimezone(UTC))


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
