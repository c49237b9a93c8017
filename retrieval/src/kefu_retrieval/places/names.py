"""Names of files in a snapshot: relative paths that stay inside it on every file system."""

import hashlib
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

MAX_NAME = 512
MAX_PART = 200
"""Bytes; file systems allow 255 a part."""

SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/yaml": ".yaml",
    "application/x-yaml": ".yaml",
    "text/yaml": ".yaml",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "image/png": ".png",
    "image/jpeg": ".jpg",
}
"""Media type → ending, for addresses whose path does not tell."""


def check(name: str) -> str | None:
    """Why `name` cannot be a file of a snapshot; None where it can."""
    parts = name.split("/")
    if not name or len(name) > MAX_NAME:
        return f"its name is empty or longer than {MAX_NAME} characters; rename it"
    if any(not part or part.startswith(".") or len(part.encode()) > MAX_PART for part in parts):
        return f"a part of its name is empty, hidden ('.…') or longer than {MAX_PART} bytes; rename it"
    if "\\" in name or any(not character.isprintable() for character in name):
        return "its name holds a backslash or a control character; rename it"
    return None


def of_url(url: str, media_type: str | None = None) -> str:
    """A readable, safe name for a page: its path without the leading slash, ending by its media type where it has none.

    A query becomes a short hash in the name, since two queries of one path are two pages.
    """
    split = urlsplit(url)
    parts = [_part(unquote(part)) for part in split.path.split("/") if part]
    if not parts or split.path.endswith("/"):
        parts.append("index")
    stem = parts.pop()
    ending = PurePosixPath(stem).suffix
    known = ending if ending.lower() in _ENDINGS else ""
    stem = stem.removesuffix(known) if known else stem
    if split.query:
        stem += "-" + hashlib.sha256(split.query.encode()).hexdigest()[:8]
    suffix = known or SUFFIXES.get((media_type or "").partition(";")[0].strip().lower(), "")
    name = "/".join([*parts, stem + suffix])
    if check(name) is None:
        return name
    return hashlib.sha256(url.encode()).hexdigest()[:32] + suffix


_ENDINGS = {*SUFFIXES.values(), ".htm", ".jpeg", ".yml", ".markdown", ".tiff", ".webp"}


def _part(text: str) -> str:
    cleaned = "".join(c if c.isprintable() and c not in "/\\" else "-" for c in text).lstrip(".")
    return cleaned or "-"
