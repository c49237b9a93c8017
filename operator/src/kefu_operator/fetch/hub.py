"""The model hub's listing of a snapshot: which files it has, pinned to one commit."""

import json
from dataclasses import dataclass
from typing import Any

from kefu_operator.fetch.checksum import find_sha256
from kefu_operator.fetch.errors import NotFound, Unreachable
from kefu_operator.fetch.http import Web, read_bounded, shown
from kefu_operator.fetch.uri import is_safe_path, listing_url

LISTING_BYTES = 16 << 20
"""Longest listing that is read."""

_OTHER_WEIGHTS = (".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx", ".gguf", ".ot", ".tflite")


@dataclass(frozen=True)
class HubFile:
    """One file of a snapshot."""

    path: str
    size: int | None
    """Bytes."""
    sha256: str | None
    """Known for large files; the hub keeps small ones under Git hashes."""


@dataclass(frozen=True)
class Listing:
    """The files of one commit."""

    commit: str
    files: tuple[HubFile, ...]


async def list_snapshot(web: Web, endpoint: str, repo: str, revision: str) -> Listing:
    """Ask the hub for the files of a repository that an engine needs.

    Raises:
        NotFound: no such repository or revision, or no file in it.
        Forbidden, Unreachable: as `Web.get`; also for an answer that is no listing.
    """
    url = listing_url(endpoint, repo, revision)
    async with web.get(url) as response:
        body = await read_bounded(response, LISTING_BYTES, "HF_ENDPOINT")
    listing = _read_listing(url, body, revision)
    if not listing.files:
        raise NotFound(f"{shown(url)} lists no files: check the model's URI")
    return listing


def _read_listing(url: str, body: bytes, revision: str) -> Listing:
    try:
        answer = json.loads(body)
        files = tuple(_read_file(sibling) for sibling in answer["siblings"])
        commit = str(answer.get("sha") or revision)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreachable(f"{shown(url)} answers with no listing of files; check HF_ENDPOINT") from error
    unsafe = [file.path for file in files if not is_safe_path(file.path)]
    if unsafe:
        raise Unreachable(f"{shown(url)} lists a file outside of the model's folder: {unsafe[0]!r}; check HF_ENDPOINT")
    return Listing(commit, _needed(files))


def _read_file(sibling: dict[str, Any]) -> HubFile:
    large = sibling.get("lfs") or {}
    size = large.get("size", sibling.get("size"))
    return HubFile(str(sibling["rfilename"]), int(size) if size is not None else None, find_sha256(large.get("sha256")))


def _needed(files: tuple[HubFile, ...]) -> tuple[HubFile, ...]:
    """Leave out what no engine reads: Git's own files and, beside safetensors, the same weights in other formats."""
    files = tuple(file for file in files if not file.path.startswith(".git"))
    if any(file.path.endswith(".safetensors") and "/" not in file.path for file in files):
        return tuple(file for file in files if not file.path.endswith(_OTHER_WEIGHTS))
    return files
