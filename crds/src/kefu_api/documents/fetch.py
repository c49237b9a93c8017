"""The fetch document: which remote places the fetch job visits, and what it reports about each.

A place becomes a snapshot, a folder named by the digest of its files; an index version is named for those digests, so
a fetch that found nothing new costs no ingestion.
"""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

FILE = "fetch.json"


class HttpPlace(Model):
    """Single files behind HTTP addresses; each is asked for only what changed (ETag, Last-Modified)."""

    kind: Literal["http"] = "http"
    urls: Annotated[tuple[str, ...], Field(min_length=1, max_length=256)]
    authorization_file: str | None = None
    """Mounted file whose text is sent as the Authorization header, to the hosts of `urls` alone."""
    private: bool = False
    """Whether private addresses (10/8, 172.16/12, 192.168/16, fc00::/7, 100.64/10) may be asked."""


class SitemapPlace(Model):
    """The pages that a site's sitemap lists, as far as its robots.txt allows."""

    kind: Literal["sitemap"] = "sitemap"
    url: str
    include: Annotated[tuple[str, ...], Field(max_length=32)] = ()
    """Path prefixes; empty: every page."""
    exclude: Annotated[tuple[str, ...], Field(max_length=32)] = ()
    """Path prefixes that are left out, whatever `include` says."""
    private: bool = False


class S3Place(Model):
    """The objects below a prefix of an S3 bucket."""

    kind: Literal["s3"] = "s3"
    endpoint: str
    """Base URL; the bucket goes into the path."""
    region: str = "us-east-1"
    bucket: str
    prefix: str = ""
    access_key_file: str | None = None
    """Mounted files of the key pair; both or neither (a public bucket)."""
    secret_key_file: str | None = None


class GitPlace(Model):
    """The files of a Git repository at a branch, a tag or HEAD, over HTTP."""

    kind: Literal["git"] = "git"
    url: str
    ref: str | None = None
    """Branch or tag; absent: the branch that the server names as its HEAD."""
    folder: str = ""
    """Only the files below this folder; names are relative to it."""
    username: str | None = None
    password_file: str | None = None
    """Mounted file of the password or token."""
    private: bool = False


class SqlPlace(Model):
    """The rows of a query, as FAQ entries or as pages."""

    kind: Literal["sql"] = "sql"
    dsn_file: str
    """Mounted file holding postgresql://user:password@host:port/database or mysql://…"""
    query: str
    """Its columns: id with question and answer (variants, tags) for FAQ; id with body (title) for Markdown."""
    fingerprint: str | None = None
    """A cheap query, such as `select count(*), max(updated_at) from faq`; while its answer is equal, no row is read."""
    rows: Literal["FAQ", "Markdown"]


Place = Annotated[HttpPlace | SitemapPlace | S3Place | GitPlace | SqlPlace, Field(discriminator="kind")]


class Limits(Model):
    """What one fetch of one source may cost; what lies beyond is left out with a reason."""

    files: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    file_bytes: Annotated[int, Field(ge=1)] = 32 * 1024**2
    total_bytes: Annotated[int, Field(ge=1)] = 2 * 1024**3
    seconds: Annotated[float, Field(gt=0, le=86_400)] = 1_800


class FetchSource(Model):
    """One remote source."""

    name: str
    place: Place
    limits: Limits = Limits()
    every: float = 0
    """Seconds; while its last fetch is younger, it is not asked again."""
    schedule: str | None = None
    """Cron expression in UTC, in place of `every`; while its last fetch is younger than the last time of it, it is not asked."""


class Fetch(Model):
    """Everything that one fetch job brings."""

    schema_version: Literal["v1"] = "v1"
    namespace: str
    name: str
    sources: Annotated[tuple[FetchSource, ...], Field(min_length=1, max_length=16)]
    """As many as a termination message holds the digests of."""


class FetchedSource(Model):
    """What came of one source."""

    name: str
    digest: str | None = None
    """Of the snapshot that holds now; after a failure the last good one; None: there has never been one."""
    files: int = 0
    received: int = 0
    """Files whose content was transferred; the others were known to be unchanged."""
    left_out: int = 0
    early: bool | None = None
    """True: it was not asked, since it was not due yet; None: it was."""
    reason: str | None = None
    """Why it failed: CamelCase, e.g. PlaceUnreachable; None: it did not."""
    message: str | None = None
    temporary: bool = False


class FetchReport(Model):
    """What the fetch job tells in its termination message (at most 4096 bytes)."""

    sources: tuple[FetchedSource, ...]
