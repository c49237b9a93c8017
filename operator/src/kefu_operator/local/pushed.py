"""Pushed sources in local mode: the push service's shelves are read where they lie."""

import json
from collections.abc import Mapping
from pathlib import Path

from kefu_api import digest
from kefu_operator import naming
from kefu_operator.local.placement import LocalPlacement

CURRENT = "current.json"
"""`kefu_retrieval.places.shelf` writes it; it names files by their hashes."""


class Pushed:
    """What was pushed to each index."""

    def __init__(self, placement: LocalPlacement) -> None:
        self._placement = placement

    def digests(self, index: str, sources: tuple[str, ...]) -> Mapping[str, str]:
        """Of the snapshots that hold, by source; a source that nothing was pushed to is absent."""
        volume = Path(self._placement.path(naming.sources(index), "sources", writable=True))
        found = {source: _digest(volume / source / CURRENT) for source in sources}
        return {source: held for source, held in found.items() if held}


def _digest(file: Path) -> str | None:
    try:
        files = json.loads(file.read_bytes())["files"]
        return digest.of_hashes({name: held["sha256"] for name, held in files.items()})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
