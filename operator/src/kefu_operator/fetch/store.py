"""The content-addressed store of single files: `sha256/<hex>/<name>`, so that no machine fetches the same bytes twice."""

import os
from pathlib import Path


def store_folder(store: Path, sha256: str) -> Path:
    """Folder of the file with this digest."""
    return store / "sha256" / sha256


def link(source: Path, target: Path) -> None:
    """Let `target` be `source`, at once or not at all: a hard link, or a symbolic one across file systems.

    Raises:
        OSError: `target`'s folder cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(source):
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(source)
    except OSError:
        temporary.symlink_to(source.resolve())
    temporary.replace(target)
