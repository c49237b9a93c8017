"""Following mounted files, because the kubelet replaces a ConfigMap or Secret by swapping a symlink.

Polling beats inotify here: it sees the swap on every file system and costs a handful of `stat` calls a second.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from kefu_serving.errors import ConfigurationError

INTERVAL = 1.0
"""Seconds between looks; half of the two within which a change must be in force."""

Mark = tuple[tuple[str, int, int, int], ...]
T = TypeVar("T")

log = logging.getLogger(__name__)


def mark(path: Path) -> Mark:
    """What changes when the file, or any plain file in the folder, is replaced or rewritten; empty when absent."""
    try:
        files = [f for f in path.iterdir() if not f.name.startswith(".")] if path.is_dir() else [path]
        return tuple(sorted((f.name, s.st_ino, s.st_mtime_ns, s.st_size) for f in files for s in [f.stat()]))
    except OSError:
        return ()


class Watched(Generic[T]):
    """The last good value of a mounted path, read anew whenever the path changes."""

    def __init__(self, path: Path, read: Callable[[Path], T], changed: Callable[[T], None]) -> None:
        self._path = path
        self._read = read
        self._changed = changed
        self._seen: Mark | None = None

    def look(self) -> bool:
        """Reads the path if it changed; True when a new value came into force. A bad one is logged and left."""
        now = mark(self._path)
        if now == self._seen:
            return False
        self._seen = now
        try:
            value = self._read(self._path)
        except ConfigurationError as error:
            log.error("configuration refused", extra={"fields": {"path": str(self._path), "reason": str(error)}})
            return False
        self._changed(value)
        return True

    async def follow(self, interval: float = INTERVAL) -> None:
        """Looks until cancelled."""
        while True:
            await asyncio.sleep(interval)
            self.look()
