"""Which images the node has: reading containerd's list and an archive's names, so that nothing is imported twice."""

import json
import tarfile
from pathlib import Path

from hack.cluster.errors import UsageError


def references(archive: Path) -> list[str]:
    """Return the names that a docker-archive gives its image.

    Raises:
        UsageError: it is no docker-archive.
    """
    try:
        with tarfile.open(archive) as content:
            manifest = content.extractfile("manifest.json")
            names: list[str] = json.load(manifest)[0]["RepoTags"] if manifest else []
    except (tarfile.TarError, KeyError, OSError) as error:
        raise UsageError(f"{archive} is no docker-archive: {error}") from error
    return names


def listed(table: str) -> dict[str, str]:
    """Return name -> digest out of what `ctr images ls` prints."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}


def complete(names: list[str], present: dict[str, str]) -> bool:
    """Say whether every name is there, and all of them mean the same image."""
    return bool(names) and len({present.get(name) for name in names}) == 1 and names[0] in present
