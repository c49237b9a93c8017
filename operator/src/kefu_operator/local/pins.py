"""Pins: versions that a person wants to answer, set from another terminal while `kefu run` goes on, and kept between runs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kefu_api.kinds.knowledge.index import KnowledgeIndex, KnowledgeIndexStatus
from kefu_api.manifests import Manifests
from kefu_operator.local.files import write_atomically
from kefu_operator.local.ingestion import Memory
from kefu_operator.local.state import StateFolder

PINS = "pins.json"
"""Version by index, in the state folder."""


def read(state: StateFolder) -> Mapping[str, str]:
    """The pins of a state folder."""
    return {index: version for index, version in state.read(PINS).items() if isinstance(version, str)}


def write(state: Path, index: str, version: str | None) -> None:
    """Pin an index to a version, or let go of it.

    Raises:
        DiskFull: there is no space left.
    """
    file = state / PINS
    try:
        held = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        held = {}
    kept = {name: value for name, value in held.items() if name != index} if isinstance(held, dict) else {}
    write_atomically(file, json.dumps(kept | ({index: version} if version else {}), indent=2, sort_keys=True))


def applied(bundle: Manifests, pins: Mapping[str, str], memory: Memory) -> Manifests:
    """The bundle with each index pinned, and with the versions that we know in its status, as a cluster has them."""
    indexes = tuple(_applied(index, pins.get(index.metadata.name), memory) for index in bundle.indexes)
    return replace(bundle, indexes=indexes)


def _applied(index: KnowledgeIndex, pin: str | None, memory: Memory) -> KnowledgeIndex:
    publishing = index.spec.publishing.model_copy(update={"version": pin}) if pin else index.spec.publishing
    status = KnowledgeIndexStatus(versions=memory.versions(index.metadata.name))
    return index.model_copy(update={"spec": index.spec.model_copy(update={"publishing": publishing}), "status": status})
