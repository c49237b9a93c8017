"""From a model URI to files in a folder."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kefu_operator.fetch.access import Access, BucketKeys, HubToken
from kefu_operator.fetch.bucket import Server, list_folder
from kefu_operator.fetch.checksum import check_sha256, hash_file
from kefu_operator.fetch.disk import FreeSpace, check_room, free_space, translated
from kefu_operator.fetch.download import Downloads, RemoteFile
from kefu_operator.fetch.errors import ChecksumMismatch, FetchError, NotFound, UriInvalid
from kefu_operator.fetch.http import CONNECT_SECONDS, Web, open_web
from kefu_operator.fetch.hub import list_snapshot
from kefu_operator.fetch.lock import locked
from kefu_operator.fetch.progress import Emit, Progress, print_event
from kefu_operator.fetch.records import Records, Snapshot
from kefu_operator.fetch.retries import Retries, RetryPolicy
from kefu_operator.fetch.store import link, store_folder
from kefu_operator.fetch.uri import BucketSource, HubSource, LocalSource, WebSource, check_endpoint, file_url, parse_uri

HUB = "https://huggingface.co"

_POLICY = RetryPolicy()

Remote = HubSource | WebSource | BucketSource


@dataclass(frozen=True)
class Request:
    """A model, and where it shall lie."""

    uri: str
    into: Path
    revision: str | None = None
    sha256: str | None = None
    """Of a single file."""
    store: Path | None = None
    """Content-addressed store for single files whose digest is known."""


@dataclass(frozen=True)
class Fetched:
    """A model that is in place."""

    path: Path
    """The file, or the folder of a snapshot."""
    sha256: str | None
    """None for snapshots and folders."""


@dataclass(frozen=True)
class _Snapshot:
    """A folder of files at a source."""

    source: Remote
    name: str
    """For the records: once it is whole, nobody is asked again."""
    files: Callable[[Web], Awaitable[list[RemoteFile]]]
    """Lists it."""


class Fetcher:
    """Fetches models. One instance serves many requests, also at the same time."""

    def __init__(
        self,
        endpoint: str = HUB,
        token: str | None = None,
        server: Server | None = None,
        *,
        allow_http: bool = False,
        emit: Emit = print_event,
        free: FreeSpace = free_space,
        policy: RetryPolicy = _POLICY,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._endpoint = check_endpoint(endpoint, allow_http=allow_http)
        self._token, self._allow_http, self._connect_seconds = token, allow_http, connect_seconds
        self._server = server
        self._emit, self._free = emit, free
        self._retries = Retries(policy, sleep, self._tell_retry)

    async def fetch(self, request: Request) -> Fetched:
        """Bring the model to `request.into`; what is there and was verified is left alone, without a network.

        Raises:
            FetchError: see `errors` for the kinds.
        """
        source = parse_uri(request.uri, request.revision, allow_http=self._allow_http)
        sha256 = check_sha256(request.sha256) if request.sha256 else None
        if isinstance(source, LocalSource):
            return await asyncio.to_thread(_take_local, source, request.into, sha256)
        snapshot = self._snapshot(source)
        if snapshot:
            if sha256:
                raise UriInvalid("sha256 belongs to single files: remove it, or name a file in the model's URI")
            return await self._fetch_snapshot(snapshot, request.into)
        file = self._remote_file(source, sha256)
        if request.store is None or sha256 is None:
            return await self._fetch_file(source, file, request.into)
        kept = await self._fetch_file(source, file, store_folder(request.store, sha256))
        with translated(request.into):
            link(kept.path, request.into / file.name)
        return Fetched(request.into / file.name, sha256)

    def _remote_file(self, source: Remote, sha256: str | None) -> RemoteFile:
        if isinstance(source, WebSource):
            return RemoteFile(source.name, source.url, source.url, sha256)
        if isinstance(source, BucketSource):
            url = self._bucket_server().url(source.bucket, source.key)
            return RemoteFile(source.key.rpartition("/")[2], url, source.uri, sha256)
        path = source.file or ""
        url = file_url(self._endpoint, source.repo, source.revision, path)
        return RemoteFile(path.rpartition("/")[2], url, f"hf://{source.repo}/{path}@{source.revision}", sha256)

    def _snapshot(self, source: Remote) -> "_Snapshot | None":
        """The snapshot that a source is; None where it is a single file."""
        if isinstance(source, HubSource) and source.file is None:
            name = f"hf://{source.repo}@{source.revision}"
            return _Snapshot(source, name, lambda web: self._hub_files(web, source))
        if isinstance(source, BucketSource) and source.is_folder:
            return _Snapshot(source, source.uri, lambda web: self._bucket_files(web, source))
        return None

    async def _hub_files(self, web: Web, source: HubSource) -> list[RemoteFile]:
        listing = await list_snapshot(web, self._endpoint, source.repo, source.revision)
        origin = f"hf://{source.repo}@{listing.commit}"
        return [
            RemoteFile(
                file.path,
                file_url(self._endpoint, source.repo, listing.commit, file.path),
                f"{origin}/{file.path}",
                file.sha256,
                file.size,
            )
            for file in listing.files
        ]

    async def _bucket_files(self, web: Web, source: BucketSource) -> list[RemoteFile]:
        server = self._bucket_server()
        return [
            RemoteFile(
                each.key,
                server.url(source.bucket, source.key + each.key),
                f"{source.uri}{each.key}@{each.etag}",
                size=each.size,
            )
            for each in await list_folder(web, server, source.bucket, source.key)
        ]

    async def _fetch_file(self, source: Remote, file: RemoteFile, folder: Path) -> Fetched:
        with translated(folder):
            records = Records(folder)
            async with locked(records.lock, self._tell_wait):
                digest = await asyncio.to_thread(_find_done, records, folder, file)
                if digest is None:
                    async with self._open(source) as web:
                        progress = Progress(self._emit)
                        digest = await Downloads(folder, web, self._retries, progress, self._free).get(file)
                        progress.tell()
        return Fetched(folder / file.name, digest)

    async def _fetch_snapshot(self, snapshot: "_Snapshot", folder: Path) -> Fetched:
        with translated(folder):
            records = Records(folder)
            async with locked(records.lock, self._tell_wait):
                if records.snapshot(snapshot.name) is None:
                    async with self._open(snapshot.source) as web:
                        await self._download_snapshot(web, snapshot, folder)
        return Fetched(folder, None)

    async def _download_snapshot(self, web: Web, snapshot: "_Snapshot", folder: Path) -> None:
        files = await self._retries.run(lambda: snapshot.files(web))
        records, progress = Records(folder), Progress(self._emit)
        missing = [file for file in files if not _is_done(records, file)]
        for file in files:
            progress.expect(file.name, file.size, 0 if file in missing else file.size or 0)
        begun = sum(_part_size(records, file) for file in missing)
        check_room(folder, sum(file.size or 0 for file in missing) - begun, self._free)
        downloads = Downloads(folder, web, self._retries, progress, self._free)
        for file in missing:
            await downloads.get(file)
        records.write_snapshot(Snapshot(snapshot.name, tuple(file.name for file in files)))
        progress.tell()

    def _bucket_server(self) -> Server:
        if self._server is None:
            raise UriInvalid("an s3:// model needs its server: set spec.model.s3 (S3_ENDPOINT outside of Kubernetes)")
        return self._server

    def _open(self, source: Remote) -> AbstractAsyncContextManager[Web]:
        if isinstance(source, BucketSource):
            server = self._bucket_server()
            # Whoever writes http:// there means it: unlike an address that others redirect to.
            allow_http = self._allow_http or server.endpoint.startswith("http://")
            access: Access = BucketKeys(server.keys, server.region)
        else:
            access, allow_http = HubToken(self._token, urlsplit(self._endpoint).netloc), self._allow_http
        return open_web(access, allow_http=allow_http, connect_seconds=self._connect_seconds)

    def _tell_retry(self, error: FetchError, seconds: float) -> None:
        self._emit({"event": "retry", "message": str(error), "in_seconds": round(seconds, 1)})

    def _tell_wait(self) -> None:
        self._emit({"event": "waiting", "message": "another fetch fills this folder; waiting for it"})


def _find_done(records: Records, folder: Path, file: RemoteFile) -> str | None:
    """Give the digest of a file that is there already and is the one asked for."""
    done = records.done(file.name)
    if done and (done.sha256 == file.sha256 if file.sha256 else done.source == file.source):
        return done.sha256
    path = folder / file.name
    if file.sha256 and done is None and path.is_file() and hash_file(path).hexdigest() == file.sha256:
        records.write_done(file.name, file.source, file.sha256)
        return file.sha256
    return None


def _is_done(records: Records, file: RemoteFile) -> bool:
    done = records.done(file.name)
    return done is not None and (done.sha256 == file.sha256 or done.source == file.source)


def _part_size(records: Records, file: RemoteFile) -> int:
    part = records.part(file.name)
    return part.stat().st_size if part.exists() else 0


def _take_local(source: LocalSource, into: Path, sha256: str | None) -> Fetched:
    path = source.path
    if not path.exists():
        raise NotFound(f"{path} does not exist: check the model's URI")
    if sha256 and path.is_dir():
        raise UriInvalid("sha256 belongs to single files: remove it, or name a file in the model's URI")
    with translated(into):
        target = into / path.name
        if path.is_dir():
            into.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(path.resolve())
            return Fetched(target, None)
        actual = hash_file(path).hexdigest()
        if sha256 and actual != sha256:
            raise ChecksumMismatch(f"{path}: expected SHA-256 {sha256}, got {actual}; correct spec.model.sha256")
        link(path, target)
    return Fetched(target, actual)
