"""The sandbox image, made without a registry: Debian's static catatonit, told to sleep as /pause."""

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

from hack.cluster.errors import PreflightError
from hack.cluster.node.layout import PAUSE_IMAGE


def write_pause_archive(path: Path) -> None:
    """Write a docker-archive of one layer that holds /pause.

    Raises:
        PreflightError: catatonit is not installed.
    """
    program = shutil.which("catatonit")
    if program is None:
        raise PreflightError("catatonit is missing; run: apt-get install catatonit")
    layer = _tar({"pause": (Path(program).read_bytes(), 0o755)})
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/pause", "-P"], "User": "65535:65535"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    manifest = [{"Config": "config.json", "RepoTags": [PAUSE_IMAGE], "Layers": ["layer.tar"]}]
    files = {"config.json": config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()}
    path.write_bytes(_tar({name: (content, 0o644) for name, content in files.items()}))


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
