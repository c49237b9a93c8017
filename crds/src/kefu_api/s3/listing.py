"""Pages of a bucket's listing (ListObjectsV2, Amazon S3 API reference): what is asked, and what the answer holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from kefu_api import flat_xml

PAGE = 1000
"""The most objects that servers give at a time."""
MAX_BYTES = 16 * 1024**2
"""Of one page, which holds at most a thousand keys."""


class NotAListing(ValueError):
    """The answer is no listing of a bucket; the text says what it is."""


@dataclass(frozen=True)
class Listed:
    """An object of a listing."""

    key: str
    etag: str
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Page:
    """One page."""

    objects: tuple[Listed, ...]
    next: str | None
    """Token of the next page; None: this is the last one."""


def page_query(prefix: str, token: str | None = None, objects: int = PAGE) -> Mapping[str, str]:
    """The query of one page; `token` is that of the page before."""
    # Keys come encoded since XML cannot hold every one.
    asked = {"list-type": "2", "prefix": prefix, "encoding-type": "url", "max-keys": str(objects)}
    return asked | ({"continuation-token": token} if token else {})


def read_page(content: bytes, what: str) -> Page:
    """Read the answer to `page_query`.

    Raises:
        NotAListing: it is none; `what` names it.
    """
    try:
        root, elements = flat_xml.read(content, what)
    except flat_xml.XmlInvalid as error:
        raise NotAListing(str(error)) from error
    if root != "ListBucketResult":
        raise NotAListing(f"{what} begins with <{root[:50]}>, as no S3 server's does")
    # Some servers do not encode, and say so.
    encoded = next(flat_xml.texts(elements, "EncodingType"), "") == "url"
    objects = tuple(_listed(element, encoded) for element in elements if element.name == "Contents")
    token = next(flat_xml.texts(elements, "NextContinuationToken"), None)
    more = next(flat_xml.texts(elements, "IsTruncated"), "false") == "true"
    return Page(objects, (token or None) if more else None)


def error_code(content: bytes) -> str:
    """Code of an error's answer, such as NoSuchBucket; empty where it is none of S3's."""
    try:
        _, elements = flat_xml.read(content, "the server's answer")
    except flat_xml.XmlInvalid:
        return ""
    return next(flat_xml.texts(elements, "Code"), "")[:100]


def _listed(element: flat_xml.Element, encoded: bool) -> Listed:
    told = element.children
    try:
        key = unquote_plus(told["Key"]) if encoded else told["Key"]
        return Listed(key, told["ETag"].strip().strip('"'), int(told["Size"]))
    except (KeyError, ValueError) as error:
        raise NotAListing(f"the listing names an object without key, ETag or size: {error}") from error
