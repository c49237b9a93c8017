"""Content digests: how the operator names a snapshot of sources, and how the ingestion job checks that it has that one."""

import hashlib
import json
from collections.abc import Mapping


def of_text(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_bytes(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def of_files(files: Mapping[str, str | bytes]) -> str:
    """SHA-256 over file names and contents (texts as UTF-8), independent of their order, in hex."""
    return of_hashes({name: of_text(held) if isinstance(held, str) else of_bytes(held) for name, held in files.items()})


def of_hashes(hashes: Mapping[str, str]) -> str:
    """The same over file names and the SHA-256 of their bytes, where those are known already."""
    return of_text("".join(f"{name}\0{hashes[name]}\n" for name in sorted(hashes)))


def of_value(value: object) -> str:
    """SHA-256 of a JSON value in canonical form, in hex."""
    return of_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
