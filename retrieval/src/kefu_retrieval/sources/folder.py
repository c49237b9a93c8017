"""The files of a source, bounded, and their digest: which snapshot of a mounted folder this is."""

from dataclasses import dataclass
from pathlib import Path

from kefu_api import digest
from kefu_retrieval.errors import SourceMissing, SourceUnreadable

MAX_FILE_BYTES = 4 * 1024 * 1024
"""A ConfigMap holds 1 MiB at most; four times that is surely a mistake."""
MAX_FILES = 10_000


@dataclass(frozen=True)
class Snapshot:
    """The readable files of a folder by name, and the names of the others with the reason."""

    files: dict[str, str]
    unreadable: dict[str, str]

    @property
    def digest(self) -> str:
        """`kefu_api.digest.of_files` of the readable files."""
        return digest.of_files(self.files)


def read(path: Path) -> Snapshot:
    """Read every regular file of `path` (not its folders) whose name does not begin with a dot.

    A mounted ConfigMap's entries are links into `..data`; links to files are followed.

    Raises:
        SourceMissing: there is no such folder.
        SourceUnreadable: the file system fails, or the mount is replaced meanwhile.
    """
    if not path.is_dir():
        raise SourceMissing(f"the source folder {path} does not exist; mount it, or correct sources[].path")
    files: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    try:
        found = sorted(file for file in path.iterdir() if not file.name.startswith(".") and file.is_file())
        for file in found[:MAX_FILES]:
            _read_one(file, files, unreadable)
    except OSError as error:
        raise SourceUnreadable(f"cannot read the source folder {path}: {error}") from error
    for file in found[MAX_FILES:]:
        unreadable[file.name] = f"the folder holds more than {MAX_FILES} files; split it into several sources"
    return Snapshot(files, unreadable)


def _read_one(file: Path, files: dict[str, str], unreadable: dict[str, str]) -> None:
    if file.stat().st_size > MAX_FILE_BYTES:
        unreadable[file.name] = f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB; split the file"
        return
    try:
        files[file.name] = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        unreadable[file.name] = f"not UTF-8 at byte {error.start}; save the file as UTF-8"
