"""A snapshot: what one fetch of a place found, named by the digest of its files."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api import digest
from kefu_api.base import Model


class File(Model):
    """One file of a snapshot."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: int
    """Bytes."""
    mark: str | None = None
    """What the place told of this state of the file: ETag, blob id; equal marks mean equal content."""
    modified: str | None = None
    """HTTP's Last-Modified, where there is one."""
    listed: str | None = None
    """What a listing told of it, e.g. a sitemap's lastmod."""
    url: str | None = None
    """The address it was asked for by."""


class LeftOut(Model):
    """A file of the place that is not in the snapshot, and why."""

    name: str
    reason: str


class Snapshot(Model):
    """The files of a place at one time, by name; names are relative paths with `/`."""

    schema_version: Literal["v1"] = "v1"
    files: dict[str, File]
    left_out: tuple[LeftOut, ...] = ()
    """The first thousand; `left_out_total` counts all."""
    left_out_total: int = 0
    mark: str | None = None
    """What the place told of its whole state: a commit, a fingerprint."""
    settings: str = ""
    """Digest of the settings it was fetched with; marks of other settings mean nothing."""
    fetched_at: str
    """RFC 3339, UTC."""

    @property
    def digest(self) -> str:
        """`kefu_api.digest.of_hashes` of the files: what the folder is named, and an index version is named for."""
        return digest.of_hashes({name: file.sha256 for name, file in self.files.items()})


LEFT_OUT_KEPT = 1_000
