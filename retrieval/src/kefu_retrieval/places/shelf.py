"""The shelf: one source's folder on the volume, where snapshots appear whole and files are kept by content.

    objects/<sha256>              bytes, each content once, in place only when whole
    snapshots/<digest>/<name>     hard links to objects: what an ingestion job mounts
    current.json                  the newest snapshot; replaced atomically, so that a half-fetched one is never seen
    journal-<settings>.jsonl      files received by a fetch that has not ended; a killed fetch goes on from them

One writer at a time, held by a lock on the folder.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from kefu_retrieval.errors import PlaceInvalid, SourceUnreadable
from kefu_retrieval.places.snapshot import File, Snapshot

CURRENT = "current.json"
KEEP = 3
"""Snapshots on the shelf: the newest, and those that running ingestion jobs may still read."""


class Shelf:
    """Reads and writes one source's folder."""

    def __init__(self, folder: Path, keep: int = KEEP) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self.snapshots = folder / "snapshots"
        self._keep = keep

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the shelf for writing.

        Raises:
            SourceUnreadable: another fetch of this source is running, or the volume cannot be written.
        """
        try:
            self.objects.mkdir(parents=True, exist_ok=True)
            self.snapshots.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise _failed(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise SourceUnreadable(f"another fetch into {self.folder} is running; it is tried again") from error
        except OSError as error:
            raise _failed(error) from error
        finally:
            os.close(descriptor)

    def current(self) -> Snapshot | None:
        """The newest snapshot; None where there is none, or its record cannot be read (all is fetched anew then)."""
        try:
            found = Snapshot.model_validate_json((self.folder / CURRENT).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return found if self.path_of(found).is_dir() else None

    def path_of(self, snapshot: Snapshot) -> Path:
        """The folder of a snapshot's files."""
        return self.snapshots / snapshot.digest

    def holds(self, file: File) -> bool:
        """Whether the content is here."""
        try:
            return (self.objects / file.sha256).stat().st_size == file.size
        except FileNotFoundError:
            return False

    def journal(self, settings: str) -> dict[str, File]:
        """Files that an unfinished fetch with these settings received, as far as they are whole.

        Files are not synced one by one, so after a crash of the machine each is held against its hash; a line that was cut
        off is passed over.
        """
        found: dict[str, File] = {}
        with suppress(FileNotFoundError):
            for line in self._journal(settings).read_text(errors="replace").splitlines():
                name, _, rest = line.partition("\t")
                with suppress(ValidationError):
                    file = File.model_validate_json(rest)
                    if self._is_whole(file):
                        found[name] = file
        return found

    def _is_whole(self, file: File) -> bool:
        try:
            with (self.objects / file.sha256).open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
        except FileNotFoundError:
            return False

    def note(self, settings: str, name: str, file: File) -> None:
        """Write a received file into the journal."""
        with self._journal(settings).open("a") as journal:
            journal.write(f"{name}\t{file.model_dump_json(exclude_none=True)}\n")

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the current one; its objects are here already."""
        folder = self.path_of(snapshot)
        if not folder.is_dir():
            self._lay_out(snapshot, folder)
            os.sync()  # once for all files, before the record names them
        _replace(self.folder / CURRENT, snapshot.model_dump_json(exclude_none=True).encode())
        for journal in self.folder.glob("journal-*.jsonl"):
            journal.unlink()
        folder.touch()
        self._tidy(snapshot)

    def _journal(self, settings: str) -> Path:
        return self.folder / f"journal-{settings[:16]}.jsonl"

    def _lay_out(self, snapshot: Snapshot, folder: Path) -> None:
        partial = self.snapshots / f".{snapshot.digest}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name, file in snapshot.files.items():
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(self.objects / file.sha256, target)
        partial.rename(folder)
        _sync(self.snapshots)

    def _tidy(self, current: Snapshot) -> None:
        """Drop what is older than `keep` snapshots, and objects that no kept snapshot links."""
        found = sorted(self.snapshots.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        whole = [each for each in found if not each.name.startswith(".")]
        kept = {current.digest, *(each.name for each in whole[: self._keep])}
        for each in found:
            if each.name not in kept:
                shutil.rmtree(each, ignore_errors=True)
        wanted = {file.sha256 for file in current.files.values()}
        for stored in self.objects.iterdir():
            if stored.name not in wanted and stored.stat().st_nlink == 1:
                stored.unlink()


def _link(stored: Path, target: Path) -> None:
    try:
        os.link(stored, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copyfile(stored, target)  # a volume without hard links


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}")
    with partial.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(error: OSError) -> SourceUnreadable | PlaceInvalid:
    if error.errno in (errno.EACCES, errno.EROFS):
        return PlaceInvalid(f"the volume of fetched documents cannot be written: {error.strerror}; mount it writable")
    return SourceUnreadable(f"the volume of fetched documents failed: {error.strerror}; free some space or enlarge it")
