"""Reading the API server's audit log: who wrote what."""

import json
from pathlib import Path

_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def writes_by(log: Path | str, user: str) -> list[str]:
    """Every write of a user, oldest first, as `verb resource/namespace/name`.

    Leases and Events are left out: they are a heartbeat and a message, not state.
    """
    found = []
    for line in Path(log).read_text().splitlines():
        event = json.loads(line)
        target = event.get("objectRef", {})
        if event["verb"] not in _WRITES or event["user"]["username"] != user:
            continue
        if target.get("resource") in {"leases", "events"}:
            continue
        resource = "/".join(filter(None, (target.get("resource"), target.get("subresource"))))
        found.append(f"{event['verb']} {resource}/{target.get('namespace')}/{target.get('name')}")
    return found
