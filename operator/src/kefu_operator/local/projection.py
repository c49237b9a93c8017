"""Folders of files that change all at once, laid out as the kubelet lays out ConfigMaps and Secrets.

`..data` is a symbolic link to a folder that holds one consistent set of files, and each visible file links through it. A
change writes a new folder and swaps the one link, so that a reader that resolves `..data` never sees half a change.
Source: `pkg/volume/util/atomic_writer.go` of Kubernetes.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.files import telling_disk_full

DATA = "..data"
_KEY = re.compile(r"^(?!\.\.)[-._a-zA-Z0-9]{1,253}$")


def project(folder: Path, files: Mapping[str, bytes], *, mode: int = 0o644) -> bool:
    """Let a folder show exactly these files; True when something changed.

    Raises:
        InputInvalid: a name is no valid key of a ConfigMap or Secret.
        DiskFull: there is no space left.
    """
    for name in files:
        if not _KEY.match(name):
            raise InputInvalid(f"{name!r} is no valid key: use letters, digits, dots, dashes and underscores")
    if _shown(folder) == files:
        return False
    with telling_disk_full(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700 if mode & 0o077 == 0 else 0o755)
        before = _target(folder)
        _swap(folder, _write(folder, files, mode))
        _link(folder, files)
    if before:
        shutil.rmtree(before, ignore_errors=True)
    return True


def _shown(folder: Path) -> dict[str, bytes] | None:
    target = _target(folder)
    if target is None:
        return None
    return {file.name: file.read_bytes() for file in target.iterdir()}


def _target(folder: Path) -> Path | None:
    link = folder / DATA
    if not link.is_symlink():
        return None
    target = folder / link.readlink()
    return target if target.is_dir() else None


def _write(folder: Path, files: Mapping[str, bytes], mode: int) -> Path:
    fresh = Path(tempfile.mkdtemp(dir=folder, prefix="..", suffix=".data"))
    try:
        fresh.chmod(folder.stat().st_mode & 0o777)
        for name, content in files.items():
            handle = os.open(fresh / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return fresh


def _swap(folder: Path, fresh: Path) -> None:
    temporary = folder / f"{DATA}_tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(fresh.name)
    temporary.replace(folder / DATA)


def _link(folder: Path, files: Mapping[str, bytes]) -> None:
    for name in files:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(Path(DATA) / name)
    for entry in folder.iterdir():
        if not entry.name.startswith("..") and entry.name not in files:
            entry.unlink()
