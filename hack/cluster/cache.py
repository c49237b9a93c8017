"""Where built things are kept between runs: outside the checkout, keyed by content."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_root() -> Path:
    """Return the cache folder: `$KEFU_CACHE`, else `~/.cache/kefu`."""
    configured = os.environ.get("KEFU_CACHE")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "kefu"


def binaries() -> Path:
    """Return the stable folder of symbolic links to every program built so far."""
    return cache_root() / "bin" / "current"


def digest(parts: list[bytes]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 over the parts, each preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()[:16]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache's lock of that name; a second process waits until the first is done."""
    folder = cache_root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def relink(link: Path, target: Path) -> None:
    """Point the symbolic link at the target in one step, so that no reader finds it missing."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
