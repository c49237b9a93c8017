"""Single files of Debian packages for one image, where the base shared by all should not grow."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hack.cluster.cache import cache_root, digest, locked
from hack.images.errors import MissingInput
from hack.images.hollow import hollow
from hack.images.tools import run

SUITE = "bookworm"
"""The release of Debian that all images are made of."""
CPU_TOOLS: Mapping[str, Mapping[str, str]] = {
    "libnuma1": {"usr/lib/*/libnuma.so.1": "lib/libnuma.so.1"},
    "dash": {"bin/dash": "bin/sh"},
    "util-linux": {"usr/bin/lscpu": "bin/lscpu"},
    "libsmartcols1": {"usr/lib/*/libsmartcols.so.1": "lib/libsmartcols.so.1"},
}
"""What vLLM on CPUs links against, and what it asks for the machine's cores: package, file in it, place in the folder."""


def cpu_tools(_: Path) -> Path:
    """Return a folder with CPU_TOOLS: bin and lib.

    Raises:
        MissingInput: this is no Debian machine, or a package holds another set of files.
        BuildFailed: apt refused; the text quotes it.
    """
    return files(CPU_TOOLS)


def files(wanted: Mapping[str, Mapping[str, str]], hollowed: Sequence[str] = ()) -> Path:
    """Return a folder with files out of Debian packages, downloading them unless the cache holds them.

    Args:
        wanted: package -> pattern of a file in it -> place in the folder.
        hollowed: places of libraries of which only the names are needed.
    """
    key = digest([SUITE.encode(), repr(wanted).encode(), *(place.encode() for place in hollowed)])
    target = cache_root() / "images" / "debian" / key
    with locked("image-debian"):
        if not target.exists():
            if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
                raise MissingInput(f"{', '.join(wanted)} come by apt-get: build this image on Debian {SUITE}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                _fill(wanted, Path(scratch))
                for place in hollowed:
                    hollow(Path(scratch) / "files" / place)
                (Path(scratch) / "files").rename(target)
    return target


def _fill(wanted: Mapping[str, Mapping[str, str]], scratch: Path) -> None:
    for package, places in wanted.items():
        unpacked = scratch / package
        unpacked.mkdir()
        run(["apt-get", "download", "--quiet", package], cwd=unpacked)
        (archive,) = unpacked.glob("*.deb")
        run(["dpkg-deb", "--extract", str(archive), str(unpacked)])
        for pattern, place in places.items():
            found = sorted(unpacked.glob(pattern))
            if len(found) != 1:
                raise MissingInput(f"Debian's package {package} holds {len(found)} files like {pattern}, not one")
            copy = scratch / "files" / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found[0], copy)
