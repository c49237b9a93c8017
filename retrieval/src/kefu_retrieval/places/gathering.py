"""A gathering: one fetch in progress, which knows what was there before and holds every place to its limits."""

import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from kefu_api.documents.fetch import Limits
from kefu_retrieval.places import names
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.places.snapshot import LEFT_OUT_KEPT, File, LeftOut, Snapshot

MAX_SHOWN = 300
"""Characters of a name or reason."""


@dataclass(frozen=True)
class About:
    """What a place tells of a file beside its content; see `File`."""

    mark: str | None = None
    modified: str | None = None
    listed: str | None = None
    url: str | None = None

    def file(self, sha256: str, size: int) -> File:
        """The record of a file with this content."""
        return File(sha256=sha256, size=size, **asdict(self))


NOTHING = About()


class Gathering:
    """Collects the files of one fetch; the place says what is there, and this says what may still come in."""

    def __init__(self, shelf: Shelf, limits: Limits, settings: str) -> None:
        """Begin; what was fetched with other settings than those of this digest counts as not there."""
        self.limits = limits
        before = shelf.current()
        self.previous = before if before is not None and before.settings == settings else None
        """The snapshot before, if it was fetched with the same settings."""
        self.mark: str | None = None
        """What the place tells of its whole state, for the next fetch."""
        self.received = 0
        """Files whose content was transferred."""
        self._shelf = shelf
        self._settings = settings
        self._known = (self.previous.files if self.previous else {}) | shelf.journal(settings)
        self._names = {file.url: name for name, file in self._known.items() if file.url}
        self._files: dict[str, File] = {}
        self._folders: set[str] = set()
        self._left_out: list[LeftOut] = []
        self._left_out_total = 0
        self._bytes = 0

    def known(self, name: str) -> File | None:
        """The file as it was last received, if its content is still here."""
        file = self._known.get(name)
        return file if file is not None and self._shelf.holds(file) else None

    def known_by_url(self, url: str) -> tuple[str, File] | None:
        """The file that was received from `url`, with its name."""
        name = self._names.get(url)
        file = self.known(name) if name else None
        return (name, file) if name and file else None

    def keep(self, name: str) -> bool:
        """Take over a known file that has not changed; False where there is none, so that it must be received."""
        file = self.known(name)
        if file is None:
            return False
        if self.admits(name, file.size):
            self._add(name, file)
        return True

    def keep_all(self) -> bool:
        """Take over the whole snapshot before, what was left out included; False where any of it is gone."""
        before = self.previous
        if before is None or not all(self._shelf.holds(file) for file in before.files.values()):
            return False
        self._files = dict(before.files)
        self._left_out, self._left_out_total = list(before.left_out), before.left_out_total
        self.mark = before.mark
        return True

    def admits(self, name: str, size: int | None = None) -> bool:
        """Whether a file of this name and size (bytes, if told) may come in; if not, it is left out with the reason."""
        reason = names.check(name) or self._conflict(name) or self._beyond(size or 0)
        if reason:
            self.leave_out(name, reason)
        return reason is None

    @property
    def refusals(self) -> tuple[LeftOut, ...]:
        """What was left out so far; the first thousand."""
        return tuple(self._left_out)

    def leave_out(self, name: str, reason: str) -> None:
        """Note that a file of the place is not in the snapshot."""
        self._left_out_total += 1
        if len(self._left_out) < LEFT_OUT_KEPT:
            self._left_out.append(LeftOut(name=name[:MAX_SHOWN], reason=reason[:MAX_SHOWN]))

    async def receive(self, name: str, content: AsyncIterable[bytes], about: About = NOTHING) -> bool:
        """Store a file as its pieces arrive; False where it went over a limit and is left out.

        Raises:
            SourceUnreadable: the volume failed.
        """
        if not self.admits(name):
            return False
        partial = self._shelf.objects / f".partial-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        hashed, size = hashlib.sha256(), 0
        try:
            with partial.open("wb") as out:
                async for piece in content:
                    size += len(piece)
                    if reason := self._beyond(size):
                        self.leave_out(name, reason)
                        return False
                    hashed.update(piece)
                    out.write(piece)
                os.fchmod(out.fileno(), 0o444)  # snapshots link to it
            self._store(name, partial, about.file(hashed.hexdigest(), size))
        finally:
            partial.unlink(missing_ok=True)
        return True

    async def receive_whole(self, name: str, content: bytes, about: About = NOTHING) -> bool:
        """The same of a file that is at hand."""
        return await self.receive(name, _pieces(content), about)

    def snapshot(self, now: Callable[[], datetime]) -> Snapshot:
        """What was gathered."""
        return Snapshot(
            files=dict(sorted(self._files.items())),
            left_out=tuple(self._left_out),
            left_out_total=self._left_out_total,
            mark=self.mark,
            settings=self._settings,
            fetched_at=now().isoformat(timespec="seconds"),
        )

    def _store(self, name: str, partial: Path, file: File) -> None:
        partial.replace(self._shelf.objects / file.sha256)
        self._shelf.note(self._settings, name, file)
        self.received += 1
        if self.admits(name, file.size):  # another file may have come in meanwhile
            self._add(name, file)

    def _add(self, name: str, file: File) -> None:
        self._files[name] = file
        self._folders.update(_folders(name))
        self._bytes += file.size

    def _conflict(self, name: str) -> str | None:
        """A file cannot lie where another's folder is; object stores know no such thing."""
        if name in self._files:
            return "another file has this name; rename one of them"
        if any(folder in self._files for folder in _folders(name)):
            return "a part of its path is a file; rename one of them"
        if name in self._folders:
            return "its name is also a folder's; rename one of them"
        return None

    def _beyond(self, size: int) -> str | None:
        limits = self.limits
        if len(self._files) >= limits.files:
            return f"beyond {limits.files} files; split the source"
        if size > limits.file_bytes:
            return f"larger than {_mib(limits.file_bytes)}; split the file"
        if self._bytes + size > limits.total_bytes:
            return f"all files together are beyond {_mib(limits.total_bytes)}; split the source"
        return None


def _folders(name: str) -> list[str]:
    return [parent.as_posix() for parent in PurePosixPath(name).parents][:-1]


def _mib(size: int) -> str:
    return f"{size / 1024**2:g} MiB"


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
