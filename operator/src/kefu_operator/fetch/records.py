"""What is known of the files of a folder: kept beside them, so that a finished model costs no second look.

`<folder>/.kefu/` holds `done/<path>.json` for each verified file, `parts/<path>` for unfinished ones with what is needed
to resume them, `snapshot.json` for a complete snapshot, and the lock.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kefu_api import digest


@dataclass(frozen=True)
class Done:
    """A file that was verified, as it was then."""

    source: str
    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of which every file is there."""

    source: str
    files: tuple[str, ...]


class Records:
    """The records of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder / ".kefu"

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self._root / "lock"

    def part(self, name: str) -> Path:
        """Where the unfinished file `name` grows."""
        return self._root / "parts" / f"{name}.part"

    def done(self, name: str) -> Done | None:
        """Give the record of a verified file, if the file is still as it was."""
        try:
            record = Done(**_load(self._root / "done" / f"{name}.json"))
            now = (self._folder / name).stat()
        except (OSError, TypeError, ValueError):
            return None
        return record if (record.size, record.mtime_ns) == (now.st_size, now.st_mtime_ns) else None

    def write_done(self, name: str, source: str, sha256: str) -> None:
        """Record that `name` was verified."""
        now = (self._folder / name).stat()
        _store(self._root / "done" / f"{name}.json", asdict(Done(source, sha256, now.st_size, now.st_mtime_ns)))

    def etag(self, name: str, source: str) -> str | None:
        """Give the ETag under which the unfinished file `name` began to come from `source`."""
        try:
            record = _load(self.part(name).with_suffix(".json"))
        except (OSError, ValueError):
            return None
        etag = record.get("etag")
        return etag if record.get("source") == source and isinstance(etag, str) else None

    def write_etag(self, name: str, source: str, etag: str | None) -> None:
        """Record what is needed to resume `name`."""
        _store(self.part(name).with_suffix(".json"), {"source": source, "etag": etag})

    def drop_part(self, name: str) -> None:
        """Forget the unfinished file `name`."""
        self.part(name).unlink(missing_ok=True)
        self.part(name).with_suffix(".json").unlink(missing_ok=True)

    def snapshot(self, source: str) -> Snapshot | None:
        """Give the record of the complete snapshot of `source`, if all its files are still as they were."""
        try:
            record = _load(self._root / "snapshot.json")
            snapshot = Snapshot(str(record["source"]), tuple(record["files"]))
        except (OSError, KeyError, TypeError, ValueError):
            return None
        whole = snapshot.source == source and all(self.done(name) for name in snapshot.files)
        return snapshot if whole else None

    def content(self) -> str:
        """Give a hash of what a complete snapshot holds, the same wherever it is fetched; empty where there is none."""
        try:
            files = tuple(_load(self._root / "snapshot.json")["files"])
        except (OSError, KeyError, TypeError, ValueError):
            return ""
        done = {name: record.sha256 for name in files if (record := self.done(name))}
        return digest.of_value(done)[:16] if len(done) == len(files) else ""

    def write_snapshot(self, snapshot: Snapshot) -> None:
        """Record that every file of a snapshot is there."""
        _store(self._root / "snapshot.json", asdict(snapshot))


def _load(path: Path) -> dict[str, Any]:
    record = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError(f"{path} holds no object")  # noqa: TRY004 - one error for all that is not a record
    return record


def _store(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(record), encoding="utf-8")
    temporary.replace(path)
