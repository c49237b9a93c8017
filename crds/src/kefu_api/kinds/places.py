"""Remote places that a source of a KnowledgeIndex can name; `kefu_api.documents.fetch` is what becomes of them."""

from typing import Annotated

from pydantic import Field

from kefu_api.kinds.bucket import BucketServer
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.shape import SET, Shape
from kefu_api.kinds.types import HttpUrl, PageUrl, Revision, Size, Subdomain, UserName

PathPrefix = Annotated[str, Shape("must be the beginning of a path, such as /help/", (r"^/",), max_length=512)]
Bucket = Annotated[
    str,
    Shape(
        "must be 3 to 63 lower-case letters, digits, inner '-' and '.', as buckets are",
        (r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$",),
        min_length=3,
        max_length=63,
    ),
]
Query = Annotated[str, Field(min_length=1, max_length=8192)]


class HttpPlace(Part):
    """Single files by their addresses. Asked with ETag and Last-Modified, so that only what changed travels."""

    urls: Annotated[tuple[PageUrl, ...], Field(min_length=1, max_length=32, json_schema_extra=SET)]
    """Addresses of the files; redirects are followed."""
    authorization_secret: SecretKeyReference | None = None
    """Secret key that holds the text of the Authorization header, such as `Bearer …`; all urls have one host then."""
    private: bool = False
    """Whether addresses of private networks may be asked, as those of Services are."""


class SitemapPlace(Part):
    """The pages that a site lists in its sitemap, as far as its robots.txt allows; pages of other hosts are left out."""

    url: PageUrl
    """Address of the sitemap, or of an index of sitemaps."""
    include: Annotated[tuple[PathPrefix, ...], Field(max_length=32, json_schema_extra=SET)] = ()
    """Beginnings of the paths that are wanted, such as /help/; empty: all."""
    exclude: Annotated[tuple[PathPrefix, ...], Field(max_length=32, json_schema_extra=SET)] = ()
    """Beginnings of the paths that are not."""
    private: bool = False
    """Whether addresses of private networks may be asked."""


class S3Place(BucketServer):
    """The objects below a prefix of a bucket; only those whose ETag changed travel."""

    bucket: Bucket
    """Name of the bucket."""
    prefix: Annotated[str, Field(max_length=512)] = ""
    """Beginning of the keys, such as handbook/."""


class GitPlace(Part):
    """The files of a Git repository over HTTP(S); only new objects travel."""

    url: HttpUrl
    """Address of the repository, as `git clone` takes it."""
    ref: Revision | None = None
    """Branch or tag; absent: the repository's own default branch."""
    folder: Annotated[str, Field(max_length=512)] = ""
    """Only the files below this folder."""
    username: UserName | None = None
    """User name to the password; absent: git."""
    password_secret: SecretKeyReference | None = None
    """Secret key that holds the password or access token."""
    private: bool = False
    """Whether addresses of private networks may be asked."""


class SqlPlace(Part):
    """The rows of a query over PostgreSQL, MySQL or MariaDB, in a read-only transaction."""

    dsn_secret: SecretKeyReference
    """Secret key that holds postgresql://user:password@host:5432/database or mysql://…; ?sslmode=verify-full to be sure."""
    query: Query
    """FAQ: columns id, question, answer, and where there are any variants, tags, validFrom, validUntil. Markdown: id, body,
    and title where there is one."""
    fingerprint: Query | None = None
    """A cheap query, such as `select count(*), max(updated_at) from faq`; while its answer stands, no row is read."""


class PushPlace(Part):
    """Documents that a content system sends to the index's push service, signed as Standard Webhooks has it."""

    key_secret: SecretKeyReference | None = None
    """Secret key that holds the signing key: whsec_ and base64 of 24 bytes or more, in two lines while it is rotated. Absent:
    Kefu makes one, in the Secret INDEX-push-SOURCE under key."""


class Fetching(Part):
    """How remote sources are fetched."""

    size: Size = "4Gi"
    """Size of the volume that keeps what was fetched."""
    storage_class: Subdomain | None = None
    """StorageClass of the volume; absent: the cluster's default."""
