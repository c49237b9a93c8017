"""One file from HTTP to disk: resumed, verified, and in place only when it is whole."""

import asyncio
import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from kefu_operator.fetch.checksum import CHUNK_BYTES, find_sha256, hash_file
from kefu_operator.fetch.disk import FreeSpace, check_room
from kefu_operator.fetch.errors import ChecksumMismatch, Unreachable
from kefu_operator.fetch.http import Web, shown
from kefu_operator.fetch.progress import Progress
from kefu_operator.fetch.records import Records
from kefu_operator.fetch.retries import Retries

STORED = "x-amz-checksum-sha256"
"""Header in which S3 servers give the SHA-256 that an object was stored with, in base 64."""


@dataclass(frozen=True)
class RemoteFile:
    """A file to download."""

    name: str
    """Path inside the folder."""
    url: str
    source: str
    """What the file is, for the records: stays the same when the address of a mirror changes."""
    sha256: str | None = None
    size: int | None = None
    """Bytes, where a listing told them."""


class _StalePart(Exception):
    """The unfinished file does not fit what the source has now."""


class Downloads:
    """Downloads files into one folder."""

    def __init__(self, folder: Path, web: Web, retries: Retries, progress: Progress, free: FreeSpace) -> None:
        self._folder, self._web, self._retries = folder, web, retries
        self._progress, self._free = progress, free
        self._records = Records(folder)

    async def get(self, file: RemoteFile) -> str:
        """Bring `file` to its place and give its SHA-256.

        Raises:
            ChecksumMismatch: it is complete and not what was asked for; nothing is left of it.
            FetchError: others as `Web.get`, `check_room`.
        """
        part = self._records.part(file.name)
        part.parent.mkdir(parents=True, exist_ok=True)
        resumed = _size(part) > 0
        try:
            digest = await self._get_whole(file, part)
        except ChecksumMismatch:
            if not resumed:
                raise
            digest = await self._get_whole(file, part)  # the old beginning may have been at fault
        await asyncio.to_thread(self._put_in_place, file, part, digest)
        return digest

    async def _get_whole(self, file: RemoteFile, part: Path) -> str:
        actual, expected = await self._retries.run(lambda: self._attempt(file, part), lambda: _size(part))
        if expected and actual != expected:
            self._records.drop_part(file.name)
            raise ChecksumMismatch(
                f"{file.name} from {shown(file.url)}: expected SHA-256 {expected}, got {actual}; "
                "correct spec.model.sha256, or mend the source"
            )
        return actual

    async def _attempt(self, file: RemoteFile, part: Path) -> tuple[str, str | None]:
        """Give the digest of the whole file and the one that it should have."""
        try:
            return await self._continue(file, part)
        except _StalePart:
            self._records.drop_part(file.name)
            return await self._continue(file, part)

    async def _continue(self, file: RemoteFile, part: Path) -> tuple[str, str | None]:
        have = _size(part)
        headers = self._range(file, have)
        # Hashed before the source is asked, so that no connection idles away meanwhile.
        beginning = await asyncio.to_thread(hash_file, part) if headers else hashlib.sha256()
        async with self._web.get(file.url, headers) as response:
            if response.status == 206 and headers.get("If-Range") not in (None, _strong_etag(response)):
                raise _StalePart  # The server does not know If-Range, and the file is another now.
            begin = _first_byte(response, have)
            self._records.write_etag(file.name, file.source, _strong_etag(response))
            digest = beginning if begin else hashlib.sha256()
            total = _total(response, begin, file)
            self._progress.expect(file.name, total, begin)
            if total is not None:
                check_room(self._folder, total - begin, self._free)
            if response.status != 416:
                await self._receive(file, response, begin, digest)
            _check_whole(file, _size(part), total)
            return digest.hexdigest(), file.sha256 or _announced_sha256(response)

    def _range(self, file: RemoteFile, have: int) -> dict[str, str]:
        """Ask for the rest alone where the beginning is known to fit it, or the digest will tell."""
        etag = self._records.etag(file.name, file.source)
        if not have or not (etag or file.sha256):
            return {}
        return {"Range": f"bytes={have}-", **({"If-Range": etag} if etag else {})}

    async def _receive(
        self, file: RemoteFile, response: aiohttp.ClientResponse, begin: int, digest: "hashlib._Hash"
    ) -> None:
        with self._records.part(file.name).open("r+b" if begin else "wb") as out:
            out.seek(begin)
            try:
                async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                    await asyncio.to_thread(_write, out.fileno(), chunk, digest)
                    self._progress.receive(file.name, len(chunk))
            finally:
                os.fsync(out.fileno())

    def _put_in_place(self, file: RemoteFile, part: Path, digest: str) -> None:
        target = self._folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        sync_folder(target.parent)
        self._records.drop_part(file.name)
        self._records.write_done(file.name, file.source, digest)


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` outlive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, chunk: bytes, digest: "hashlib._Hash") -> None:
    digest.update(chunk)
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _first_byte(response: aiohttp.ClientResponse, have: int) -> int:
    """Tell where the body begins: at `have`, or at 0 where the source sends the whole file (RFC 9110, 14.4).

    Raises:
        _StalePart: the source has another range; 416 with `have` as its length says that nothing is missing.
    """
    if response.status == 200:
        return 0
    span, _, length = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    fits = length == str(have) if response.status == 416 else span.partition("-")[0] == str(have)
    if not fits:
        raise _StalePart
    return have


def _total(response: aiohttp.ClientResponse, begin: int, file: RemoteFile) -> int | None:
    if response.status == 416:
        return begin
    length = response.content_length
    return file.size if length is None else begin + length


def _check_whole(file: RemoteFile, got: int, total: int | None) -> None:
    if total is not None and got != total:
        raise Unreachable(f"{shown(file.url)} broke off after {got} of {total} bytes; try again later")


def _strong_etag(response: aiohttp.ClientResponse) -> str | None:
    """Give the ETag if it may stand in If-Range, which weak ones may not (RFC 9110, 13.1.5)."""
    etag = response.headers.get("ETag")
    return etag if etag and not etag.startswith("W/") else None


def _announced_sha256(response: aiohttp.ClientResponse) -> str | None:
    """Find the digest that a source gives: a hub on its answer or on the redirect to its store, an S3 server as it was told."""
    for hop in (*response.history, response):
        if digest := find_sha256(hop.headers.get("X-Linked-ETag")) or _stored_sha256(hop.headers.get(STORED)):
            return digest
    return None


def _stored_sha256(text: str | None) -> str | None:
    """The digest that an object was stored with; of one that came in parts it is another's, marked by `-`."""
    try:
        return find_sha256(base64.b64decode(text or "", validate=True).hex())
    except binascii.Error:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
