"""What the companion tells in its log, and what the operator reads from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

EVENT = "adapters"
MAX_MESSAGE = 200
MAX_FAILED = 8
"""The operator reads no more than 4 KiB of a log."""


@dataclass(frozen=True)
class State:
    """The adapters of one engine."""

    loaded: frozenset[str] = frozenset()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Reason and message, by name."""

    def line(self) -> str:
        """As it stands in the log."""
        failed = {
            name: [reason, message[:MAX_MESSAGE]]
            for name, (reason, message) in sorted(self.failed.items())[:MAX_FAILED]
        }
        return json.dumps({"event": EVENT, "loaded": sorted(self.loaded), "failed": failed}, ensure_ascii=False)


def parse(line: str) -> State | None:
    """The state that a line of the log tells; None where it is another line."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("event") != EVENT:
        return None
    failed = event.get("failed")
    return State(
        frozenset(str(name) for name in event.get("loaded") or ()),
        {str(name): (str(why[0]), str(why[1])) for name, why in failed.items()} if isinstance(failed, dict) else {},
    )
