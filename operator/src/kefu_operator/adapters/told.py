"""What the companion tells: in its log, where the operator reads it, and as a worker's to the companion of its leader."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

EVENT = "adapters"
"""Of the companion that has an engine load them."""
FETCHED = "fetched"
"""Of a worker's, which has files alone: the operator takes its lines for nobody's state."""
LINGER_SECONDS = 600.0
"""How long an adapter that nobody names stays loaded, so that what was told of it stays true: gateways learn of a new release a minute
after its engine does."""
MAX_MESSAGE = 200
MAX_FAILED = 8
"""The operator reads no more than 16 KiB of a state."""


@dataclass(frozen=True)
class State:
    """The adapters of one engine, or of one pod of its group."""

    loaded: frozenset[str] = frozenset()
    """Or of a worker: fetched."""
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Reason and message, by name."""
    waits: frozenset[int] = frozenset()
    """Pods of the group that have not fetched, or do not answer."""
    contents: Mapping[str, str] = field(default_factory=dict)
    """Of a worker: a hash of the files that it has, by name."""

    def line(self, event: str = EVENT) -> str:
        """As it stands in the log."""
        failed = {
            name: [reason, message[:MAX_MESSAGE]]
            for name, (reason, message) in sorted(self.failed.items())[:MAX_FAILED]
        }
        told: dict[str, object] = {"event": event, "loaded": sorted(self.loaded), "failed": failed}
        told |= {"waits": sorted(self.waits)} if self.waits else {}
        told |= {"contents": dict(self.contents)} if self.contents else {}
        return json.dumps(told, ensure_ascii=False)


def parse(line: str, event: str = EVENT) -> State | None:
    """The state that a line of the log tells; None where it is another line."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("event") != event:
        return None
    failed, contents = told.get("failed"), told.get("contents")
    return State(
        frozenset(str(name) for name in _list(told.get("loaded"))),
        {str(name): (str(why[0]), str(why[1])) for name, why in failed.items() if len(_list(why)) == 2}
        if isinstance(failed, dict)
        else {},
        frozenset(pod for pod in _list(told.get("waits")) if isinstance(pod, int)),
        {str(name): str(content) for name, content in contents.items()} if isinstance(contents, dict) else {},
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
