"""The event that tells of a change of Ready."""

from collections.abc import Iterable
from datetime import UTC, datetime

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
    meta = found["metadata"]
    moment = now.astimezone(UTC)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            # One name a change: a change that is told twice is refused as existing already. An index and a chatbot of
            # one name may change in the same second.
            "name": f"{meta['name']}.{found['kind'].lower()}.{moment:%Y%m%d%H%M%S}.{new.status.lower()}",
            "namespace": meta["namespace"],
        },
        "involvedObject": {
            "apiVersion": found["apiVersion"],
            "kind": found["kind"],
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        },
        "type": "Normal" if new.status == "True" else "Warning",
        "reason": new.reason,
        "message": new.message.encode()[:MAX_NOTE].decode(errors="ignore"),
        "source": {"component": naming.MANAGER},
        "reportingComponent": naming.MANAGER,
        "firstTimestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "lastTimestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "count": 1,
    }
