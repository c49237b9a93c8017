"""Log files of processes: one a workload, bounded, with the last lines at hand."""

import errno
import json
from collections import deque
from pathlib import Path

LIMIT = 5 * 1024**2
"""Bytes after which a log file is turned; one old file is kept beside it."""
REMEMBERED = 20
LINE = 16_384
"""Longest line that is kept, in bytes."""


class LogFile:
    """Appends lines to a file that never grows beyond `limit` bytes, and one predecessor."""

    def __init__(self, file: Path, *, limit: int = LIMIT) -> None:
        self.file = file
        self.last: deque[str] = deque(maxlen=REMEMBERED)
        self._limit = limit
        self._written = file.stat().st_size if file.exists() else 0

    def write(self, line: bytes) -> None:
        """Append one line (without its end). A full disk loses lines rather than the process."""
        line = line[:LINE]
        self.last.append(line.decode(errors="replace"))
        try:
            self._append(line + b"\n")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def last_words(self) -> str:
        """The last line that says something, as a person would quote it; empty when there is none."""
        for line in reversed(self.last):
            if line.strip():
                return _message(line)
        return ""

    def _append(self, data: bytes) -> None:
        if self._written + len(data) > self._limit and self._written:
            self.file.replace(self.file.with_name(self.file.name + ".1"))
            self._written = 0
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab") as stream:
            stream.write(data)
        self._written += len(data)


def _message(line: str) -> str:
    """The message of a JSON log line, or the line itself."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()
    message = (
        next((entry[name] for name in ("message", "msg") if name in entry), None) if isinstance(entry, dict) else None
    )
    return str(message or line.strip())
