"""What the images around the Milvus operator hold: its scripts, the tools that those call, and a Milvus."""

import lzma
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from hack.cluster import milvus
from hack.cluster.cache import cache_root, locked
from hack.cluster.errors import ClusterError
from hack.images.debian import files
from hack.images.errors import MissingInput
from hack.images.keys import tree_key

_SHELL = {
    "bash": {"bin/bash": "bin/bash"},
    "dash": {"bin/dash": "bin/sh"},
    "coreutils": {"bin/ln": "bin/ln", "bin/sleep": "bin/sleep"},
    "tini": {"usr/bin/tini": "bin/tini"},
    "sysvinit-utils": {"sbin/killall5": "bin/pidof"},
    "libtinfo6": {"lib/*/libtinfo.so.6": "lib/libtinfo.so.6"},
}
"""What the Milvus operator's scripts and hooks call, and its killing of a Milvus that does not end: package, file in it, place."""
_SETTING = re.compile(r"\{\{\s*(\w+)(?:\(\w+\))?\s*(?::\s*(.*?))?\s*\}\}")
"""`{{ name(type): default }}`, as the package's template of settings has them; those without a default are folders."""


def asset(path: str) -> Callable[[Path], Path]:
    """Return what finds a file or folder of the Milvus operator's sources."""

    def find(_: Path) -> Path:
        try:
            return milvus.sources() / path
        except ClusterError as error:
            raise MissingInput(str(error)) from error

    return find


def shell_tools(_: Path) -> Path:
    """Return a folder with a shell and what those scripts call."""
    return files(_SHELL)


def milvus_server(site: Path) -> Path:
    """Return a folder with the server out of the package milvus: bin, lib and configs."""
    data = site / "milvus" / "data"
    target = cache_root() / "images" / "milvus" / tree_key([data, Path(__file__)])
    with locked("milvus-server"):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                _unpack(data, Path(scratch) / "milvus")
                (Path(scratch) / "milvus").rename(target)
    return target


def _unpack(data: Path, target: Path) -> None:
    for packed in sorted((data / "bin").glob("*.lzma")):
        unpacked = target / ("bin" if packed.stem == "milvus" else "lib") / packed.stem
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        unpacked.write_bytes(lzma.decompress(packed.read_bytes()))
        unpacked.chmod(0o755)
    settings = _SETTING.sub(_default, (data / "config.yaml.template").read_text())
    (target / "configs").mkdir()
    # The package keeps all within itself, and images of Milvus do not.
    settings = settings.replace("embed: true", "embed: false").replace("storageType: local", "storageType: minio")
    (target / "configs" / "milvus.yaml").write_text(settings)
    (target / "configs" / "glog.conf").write_bytes((data / "glog.conf").read_bytes())


def _default(setting: re.Match[str]) -> str:
    return f"/var/lib/milvus/{setting[1]}" if setting[2] is None else setting[2]
