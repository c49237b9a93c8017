"""The files of a source, bounded, and their digest: which snapshot of a mounted folder this is."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu_api import digest
from kefu_retrieval.errors import SourceChanged, SourceMissing, SourceUnreadable
from kefu_retrieval.sources import limits


class Files(Mapping[str, bytes]):
    """Contents by name, each read when it is asked for, so that a folder may be larger than memory."""

    def __init__(self, folder: Path, hashes: Mapping[str, str]) -> None:
        self._folder = folder
        self._hashes = hashes

    def __getitem__(self, name: str) -> bytes:
        """The file's bytes.

        Raises:
            SourceChanged: it is not the one whose hash went into the digest.
            SourceUnreadable: the file system fails.
        """
        wanted = self._hashes[name]
        try:
            data = (self._folder / name).read_bytes()
        except OSError as error:
            raise SourceUnreadable(f"cannot read {self._folder / name}: {error}") from error
        if digest.of_bytes(data) != wanted:
            raise SourceChanged(f"{self._folder / name} has changed while it was read; a newer version will follow")
        return data

    def digest(self, name: str) -> str:
        """SHA-256 of the file's bytes, in hex."""
        return self._hashes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hashes)

    def __len__(self) -> int:
        return len(self._hashes)


@dataclass(frozen=True)
class Snapshot:
    """The readable files of a folder by name, the names of the others with the reason, and the digest of all."""

    files: Files
    unreadable: dict[str, str]
    digest: str
    """`kefu_api.digest.of_files` of all files, whether they are read or not."""


def read(path: Path) -> Snapshot:
    """Look at every regular file of `path` and of its folders; names that begin with a dot are passed over.

    A mounted ConfigMap's entries are links into `..data`; links to files are followed, those to folders are not.

    Raises:
        SourceMissing: there is no such folder.
        SourceUnreadable: the file system fails, or the mount is replaced meanwhile.
    """
    if not path.is_dir():
        raise SourceMissing(f"the source folder {path} does not exist; mount it, or correct sources[].path")
    hashes: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    try:
        found = sorted(name for file in path.rglob("*") if (name := _name(file, path)) and file.is_file())
        for name in found:
            hashes[name] = _hash(path / name)
            if (path / name).stat().st_size > limits.FILE_BYTES:
                unreadable[name] = f"larger than {limits.FILE_BYTES // limits.MIB} MiB; split the file"
    except OSError as error:
        raise SourceUnreadable(f"cannot read the source folder {path}: {error}") from error
    for name in found[limits.FILES :]:
        unreadable[name] = f"the folder holds more than {limits.FILES} files; split it into several sources"
    readable = {name: held for name, held in hashes.items() if name not in unreadable}
    return Snapshot(Files(path, readable), unreadable, digest.of_hashes(hashes))


def _name(file: Path, folder: Path) -> str | None:
    """Its path below the folder; None where a part of it is hidden."""
    relative = file.relative_to(folder)
    return None if any(part.startswith(".") for part in relative.parts) else relative.as_posix()


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
