"""Reading the API server's audit log: who wrote what."""

import json
from pathlib import Path
from typing import Any

_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def write_events(log: Path | str, user: str, since: int = 0) -> list[dict[str, Any]]:
    """Every write of a user after byte `since`, oldest first, as the log holds it; a line still being written is left out.

    What was only tried (`dryRun`) is no write.
    """
    with Path(log).open() as lines:
        lines.seek(since)
        events: list[dict[str, Any]] = [json.loads(line) for line in lines if line.endswith("\n")]
    return [
        event
        for event in events
        if event["verb"] in _WRITES and event["user"]["username"] == user and "dryRun=" not in event["requestURI"]
    ]


def writes_by(log: Path | str, user: str, namespace: str) -> list[str]:
    """Every write of a user in a namespace, oldest first, as `verb resource/name`.

    Leases and Events are left out: they are a heartbeat and a message, not state.
    """
    found = []
    for event in write_events(log, user):
        target = event.get("objectRef", {})
        if target.get("namespace") != namespace or target.get("resource") in {"leases", "events"}:
            continue
        resource = "/".join(filter(None, (target.get("resource"), target.get("subresource"))))
        found.append(f"{event['verb']} {resource}/{target.get('name')}")
    return found
