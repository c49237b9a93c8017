"""Progress as JSON lines, for the status of the engine and for `kefu run`."""

import json
import time
from collections.abc import Callable
from typing import Any

INTERVAL_SECONDS = 3.0

Emit = Callable[[dict[str, Any]], None]
"""Takes one event."""


def print_event(event: dict[str, Any]) -> None:
    """Print one event as a JSON line."""
    print(json.dumps(event, ensure_ascii=False), flush=True)  # noqa: T201 - the fetcher's output


class Progress:
    """Adds up the files of one fetch and tells their sum every few seconds. All sizes are in bytes."""

    def __init__(self, emit: Emit, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit, self._clock = emit, clock
        self._begun = self._told = clock()
        self._totals: dict[str, int | None] = {}
        self._done: dict[str, int] = {}
        self._received = 0

    def expect(self, name: str, total: int | None, done: int = 0) -> None:
        """Say how large a file is (None: unknown) and how much of it is there; said again, it replaces what was."""
        self._totals[name], self._done[name] = total, done

    def receive(self, name: str, size: int) -> None:
        """Count bytes of a file that just arrived."""
        self._done[name] += size
        self._received += size
        if self._clock() - self._told >= INTERVAL_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Emit the state now."""
        self._told = self._clock()
        done, totals = sum(self._done.values()), [total for total in self._totals.values() if total is not None]
        total = sum(totals) if len(totals) == len(self._totals) else None
        event: dict[str, Any] = {"event": "progress", "done": done, "total": total}
        if total:
            rate = self._received / max(self._told - self._begun, 1e-6)
            event["percent"] = min(100, done * 100 // total)
            event["seconds_left"] = round((total - done) / rate) if rate else None
        self._emit(event)
