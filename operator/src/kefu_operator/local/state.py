"""The state folder: all that one local instance keeps between runs, held by one process at a time."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from kefu_operator.local.errors import DiskFull, StateInUse
from kefu_operator.local.files import FreeBytes, free_bytes, telling_disk_full, write_atomically
from kefu_operator.plan.workload import GeneratedSecret

NEEDED = 256 * 1024**2
"""Bytes that must be free before anything starts: logs, documents and a small index."""

INSTANCE = "instance.json"


class StateFolder:
    """A locked state folder; leaving the context gives it back."""

    def __init__(self, path: Path, *, free: FreeBytes = free_bytes) -> None:
        self.path = path.absolute()
        self._free = free
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the folder.

        Raises:
            StateInUse: another process holds it.
            DiskFull: too little space is left.
        """
        with telling_disk_full(self.path):
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take()
            try:
                self._check_space()
                write_atomically(self.path / ".gitignore", "*\n")
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        """Give the folder back."""
        if self._lock is not None:
            (self.path / INSTANCE).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _take(self) -> None:
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
            os.close(handle)
            raise StateInUse(
                f"{self.path} is in use by another `kefu run` (process {holder or 'unknown'}): "
                "stop that one, or keep this one's state elsewhere with --state"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    def _check_space(self) -> None:
        left = self._free(self.path)
        if left < NEEDED:
            raise DiskFull(
                f"only {left // 1024**2} MiB are left on the disk of {self.path}, and at least {NEEDED // 1024**2} MiB "
                "are needed: free some space, or keep the state elsewhere with --state"
            )

    def secret(self, planned: GeneratedSecret) -> Mapping[str, bytes]:
        """A generated secret of one random value: made once, the same in every later run."""
        file = self.path / "secrets" / planned.name / "key"
        if not file.exists():
            with telling_disk_full(file):
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(file, secrets.token_hex(32), mode=0o600)
        return {key: text.encode() for key, text in planned.contents(file.read_text()).items()}

    def read(self, name: str) -> dict[str, Any]:
        """A JSON object that was kept; empty when there is none or it is damaged."""
        try:
            value = json.loads((self.path / name).read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON object."""
        write_atomically(self.path / name, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))


def is_held(path: Path) -> bool:
    """Whether some process holds the state folder."""
    try:
        handle = os.open(path / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
