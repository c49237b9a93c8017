"""Writing files such that readers see the old or the new content and nothing between."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kefu_operator.local.errors import DiskFull

FreeBytes = Callable[[Path], int]
"""Tells how much space is left where a folder lies, in bytes."""


def free_bytes(folder: Path) -> int:
    """Space left on the disk of a folder, in bytes."""
    return shutil.disk_usage(folder).free


@contextmanager
def telling_disk_full(path: Path) -> Iterator[None]:
    """Turn the kernel's ENOSPC and EDQUOT into a sentence.

    Raises:
        DiskFull: there is no space left for `path`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            f"no space left on the disk of {path}: free some space, or keep the state elsewhere with --state"
        ) from error


def write_atomically(file: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file's content in one step.

    Raises:
        DiskFull: there is no space left.
    """
    with telling_disk_full(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(temporary).chmod(mode)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
