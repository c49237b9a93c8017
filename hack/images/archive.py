"""Giving an image archive further names in place: buildah writes one reference, and people want `:dev` as well."""

import io
import json
import tarfile
from pathlib import Path

from hack.images.errors import BuildFailed

# What follows the manifest is copied through memory; layers, which are large, come before it.
_LONGEST_TAIL = 16 * 1024**2


def rename(archive: Path, references: list[str]) -> None:
    """Make a docker-archive of one image carry these references and no others, without copying its layers.

    Raises:
        BuildFailed: the archive is not as buildah writes it.
    """
    with tarfile.open(archive) as content:
        entries = content.getmembers()
        if "manifest.json" not in content.getnames():
            raise BuildFailed(f"{archive} has no manifest.json; is it a docker-archive?")
        manifest = json.loads(_read(content, content.getmember("manifest.json")))
        # `repositories` is the old format's index, which would contradict the manifest.
        cut = min(entry.offset for entry in entries if entry.name in ("manifest.json", "repositories"))
        kept = [
            entry for entry in entries if entry.offset > cut and entry.name not in ("manifest.json", "repositories")
        ]
        if sum(entry.size for entry in kept) > _LONGEST_TAIL:
            raise BuildFailed(f"{archive} has layers after its manifest, which buildah's archives do not")
        tail = [(entry, _read(content, entry)) for entry in kept]
    manifest[0]["RepoTags"] = references
    data = json.dumps(manifest).encode()
    entry = tarfile.TarInfo("manifest.json")
    entry.size = len(data)
    with archive.open("r+b") as file:
        file.truncate(cut)
        file.seek(cut)
        with tarfile.open(fileobj=file, mode="w") as content:
            for one, bytes_ in [*tail, (entry, data)]:
                content.addfile(one, io.BytesIO(bytes_))


def _read(content: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = content.extractfile(entry)
    return file.read() if file else b""
