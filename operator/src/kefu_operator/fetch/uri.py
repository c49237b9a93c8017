"""Model URIs: what a user may write, and which HTTP address it stands for."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from kefu_operator.fetch.errors import UriInvalid

_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


@dataclass(frozen=True)
class HubSource:
    """A repository of the model hub, or one file of it."""

    repo: str
    """`org/name`."""
    file: str | None
    """Path inside the repository; None: the whole snapshot."""
    revision: str


@dataclass(frozen=True)
class WebSource:
    """One file behind an HTTP address."""

    url: str
    name: str


@dataclass(frozen=True)
class BucketSource:
    """An object of an S3 bucket, or all those below a prefix."""

    bucket: str
    key: str
    """Ends in a slash where it is a prefix."""

    @property
    def is_folder(self) -> bool:
        """Whether the model is a folder of objects."""
        return self.key.endswith("/")

    @property
    def uri(self) -> str:
        """As the user wrote it."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class LocalSource:
    """A file, or a folder, of this machine."""

    path: Path


Source = HubSource | WebSource | BucketSource | LocalSource


def parse_uri(uri: str, revision: str | None = None, *, allow_http: bool = False) -> Source:
    """Read a model URI.

    Raises:
        UriInvalid: the URI has another form than the five, or `revision` does not belong to it.
    """
    scheme, separator, rest = uri.partition("://")
    if separator and scheme == "hf":
        return _hub(uri, rest, revision)
    if revision is not None:
        raise UriInvalid(f"revision belongs to hf:// models: remove it, or use hf:// in place of {uri!r}")
    if separator and scheme in ("https", "http"):
        return _web(uri, allow_http=allow_http)
    if separator and scheme == "s3":
        return _bucket(uri, rest)
    if separator and scheme == "file":
        return _local(uri, rest)
    raise UriInvalid(
        f"{uri!r}: write hf://org/repo, hf://org/repo/file, https://host/file, s3://bucket/file, s3://bucket/folder/ "
        "or file:///path"
    )


def file_url(endpoint: str, repo: str, revision: str, file: str) -> str:
    """Address of one file at a hub, as its `/{repo}/resolve/{revision}/{file}` route has it."""
    return f"{endpoint}/{repo}/resolve/{quote(revision, safe='')}/{quote(file)}"


def listing_url(endpoint: str, repo: str, revision: str) -> str:
    """Address of a snapshot's list of files with their sizes and digests."""
    return f"{endpoint}/api/models/{repo}/revision/{quote(revision, safe='')}?blobs=true"


def check_endpoint(endpoint: str, *, allow_http: bool) -> str:
    """Give the hub's base address without a trailing slash.

    Raises:
        UriInvalid: it is no address, or plain HTTP without permission.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UriInvalid(f"HF_ENDPOINT {endpoint!r} is no address: write https://host")
    if parts.scheme == "http" and not allow_http:
        raise UriInvalid(f"HF_ENDPOINT {endpoint!r} is plain HTTP: use https://, or set KEFU_ALLOW_HTTP=1")
    return endpoint.rstrip("/")


def is_safe_path(path: str) -> bool:
    """Whether a relative path stays inside its folder and outside the fetcher's own."""
    parts = path.split("/")
    return (
        bool(path) and "\\" not in path and "\0" not in path and not any(p in ("", ".", "..", ".kefu") for p in parts)
    )


def _hub(uri: str, rest: str, revision: str | None) -> HubSource:
    parts = rest.split("/", 2)
    if len(parts) < 2 or not all(_HUB_NAME.fullmatch(part) for part in parts[:2]):
        raise UriInvalid(f"{uri!r}: a hub model is hf://org/repo or hf://org/repo/path/file")
    file = parts[2] if len(parts) == 3 and parts[2] else None
    if file is not None and not is_safe_path(file):
        raise UriInvalid(f"{uri!r}: the file's path must not contain empty parts, '.' or '..'")
    if revision is not None and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise UriInvalid(f"revision {revision!r}: write a branch, a tag or a commit")
    return HubSource("/".join(parts[:2]), file, revision or "main")


def _web(uri: str, *, allow_http: bool) -> WebSource:
    parts = urlsplit(uri)
    name = PurePosixPath(unquote(parts.path)).name
    if not parts.hostname or not is_safe_path(name):
        raise UriInvalid(f"{uri!r}: write https://host/path/file")
    if parts.username or parts.password:
        raise UriInvalid("the URI holds credentials: remove them; private files of the hub use a token secret")
    if parts.scheme == "http" and not allow_http:
        raise UriInvalid(f"{uri!r} is plain HTTP: use https://, or set KEFU_ALLOW_HTTP=1 for a trusted network")
    return WebSource(uri, name)


def _bucket(uri: str, rest: str) -> BucketSource:
    bucket, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(bucket) or not is_safe_path(key.removesuffix("/")):
        raise UriInvalid(f"{uri!r}: write s3://bucket/path/file, or s3://bucket/path/folder/ with a slash at its end")
    return BucketSource(bucket, key)


def _local(uri: str, rest: str) -> LocalSource:
    if not rest.startswith("/") or not PurePosixPath(rest).name:
        raise UriInvalid(f"{uri!r}: write file:///path with three slashes")
    return LocalSource(Path(unquote(rest)))
