"""Giving an image archive a second name: engines write one reference, and people want `:dev` as well."""

import io
import json
import tarfile
from pathlib import Path


def retag(source: Path, target: Path, references: list[str]) -> None:
    """Copy a docker-archive of one image, carrying these references; the source is left as it is."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            content = old.extractfile(entry)
            if entry.name == "manifest.json" and content is not None:
                manifest = json.load(content)
                manifest[0]["RepoTags"] = references
                data = json.dumps(manifest).encode()
                entry.size = len(data)
                new.addfile(entry, io.BytesIO(data))
            elif entry.name != "repositories":  # the old format's index, which would contradict the manifest
                new.addfile(entry, content)
