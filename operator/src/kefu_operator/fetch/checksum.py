"""SHA-256 of files that are too large to read at once."""

import hashlib
import re
from pathlib import Path

from kefu_operator.fetch.errors import UriInvalid

CHUNK_BYTES = 1 << 20

_HEX = re.compile(r"[0-9a-f]{64}")


def hash_file(path: Path) -> "hashlib._Hash":
    """Hash a whole file; the result can be fed further. Blocks: call it in a thread.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest


def check_sha256(text: str) -> str:
    """Give a digest in lower case.

    Raises:
        UriInvalid: `text` is not 64 hexadecimal digits.
    """
    digest = text.strip().lower()
    if not _HEX.fullmatch(digest):
        raise UriInvalid(f"sha256 {text!r}: write the 64 hexadecimal digits that `sha256sum FILE` prints")
    return digest


def find_sha256(etag: str | None) -> str | None:
    """Find the SHA-256 in a hub's ETag: large files are tagged with theirs, others with a Git hash."""
    digest = (etag or "").strip('"').lower()
    return digest if _HEX.fullmatch(digest) else None
