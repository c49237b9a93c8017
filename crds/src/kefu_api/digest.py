"""Content digests: how the operator names a snapshot of sources, and how the ingestion job checks that it has that one."""

import hashlib
import json
from collections.abc import Mapping


def of_text(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_files(files: Mapping[str, str]) -> str:
    """SHA-256 over file names and contents, independent of their order, in hex."""
    return of_text("".join(f"{name}\0{of_text(files[name])}\n" for name in sorted(files)))


def of_value(value: object) -> str:
    """SHA-256 of a JSON value in canonical form, in hex."""
    return of_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
