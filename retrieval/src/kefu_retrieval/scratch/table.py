"""A mapping on disk: what is looked up in no order, so that memory does not grow with it.

It is an SQLite database without a name, which lies where temporary files do and goes with the process.
"""

import sqlite3
from collections.abc import Iterator

_SETTINGS = ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", "cache_size=-1024")
"""Nobody reads it after a crash; and a MiB of it stays in memory, whatever its size."""


class Table:
    """Bytes by bytes. To be used by one thread."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for setting in _SETTINGS:
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE held (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
        self._database.execute("BEGIN")  # and never ended: a transaction for each write would cost more than the write
        self._length = 0

    def add(self, key: bytes, value: bytes = b"") -> bool:
        """Whether the key is new; one that is there keeps its value."""
        added = self._database.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", (key, value)).rowcount > 0
        self._length += added
        return added

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""
        if not self.add(key, value):
            self._database.execute("UPDATE held SET value = ? WHERE key = ?", (value, key))

    def get(self, key: bytes) -> bytes | None:
        """Its value."""
        row = self._database.execute("SELECT value FROM held WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def discard(self, key: bytes) -> bool:
        """Whether the key was there; now it is not."""
        removed = self._database.execute("DELETE FROM held WHERE key = ?", (key,)).rowcount > 0
        self._length -= removed
        return removed

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[bytes]:
        """All keys, in their order; none may be added or discarded meanwhile."""
        return (key for (key,) in self._database.execute("SELECT key FROM held ORDER BY key"))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """The same, each with its value."""
        return iter(self._database.execute("SELECT key, value FROM held ORDER BY key"))

    def __len__(self) -> int:
        return self._length

    def close(self) -> None:
        """Give the space back."""
        self._database.close()
