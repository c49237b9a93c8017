"""Room for a model, and the file-system failures that a fetch can meet."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kefu_operator.fetch.errors import DiskFull, FolderUnwritable

FreeSpace = Callable[[Path], int]
"""Bytes that may still be written below a folder."""


def free_space(folder: Path) -> int:
    """Bytes free to this process below `folder`."""
    return shutil.disk_usage(folder).free


def check_room(folder: Path, needed: int, free: FreeSpace) -> None:
    """Refuse to begin what cannot end.

    Raises:
        DiskFull: fewer than `needed` bytes are free.
    """
    available = free(folder)
    if needed > available:
        raise DiskFull(
            f"{folder} has {readable(available)} free and {readable(needed)} are still to come: "
            f"{readable(needed - available)} are missing; enlarge the volume (spec.model.size) or free some space"
        )


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Tell failures of writing below `folder` as a fetch's own.

    Raises:
        DiskFull: no space, or over quota.
        FolderUnwritable: read-only, or without permission.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(f"{folder} is full: enlarge the volume (spec.model.size) or free some space") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise FolderUnwritable(
                f"{error.filename or folder} cannot be written: {error.strerror}; make it a folder that user "
                "and volume permissions let this process write"
            ) from error
        raise


def readable(size: int) -> str:
    """A size in the largest fitting binary unit: `1.5 GiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"
