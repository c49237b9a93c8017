"""HTTP as a place needs it: guarded addresses, followed redirects, bounded answers, and what each failure means."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit

import aiohttp

from kefu_retrieval.errors import PlaceForbidden, PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.addresses import Addresses

AGENT = "kefu"
"""Our name in robots.txt and in the User-Agent header."""
CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0
"""Longest pause inside a body before the connection counts as dead."""
MAX_REDIRECTS = 5
PIECE = 256 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429})


class Web:
    """GET requests that keep to `addresses`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, authorization: str | None = None, stay: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open `url`; the status is 200 or 304. Redirects are followed; another origin does not see `authorization`.

        Args:
            url: where to begin.
            headers: sent to every hop.
            authorization: Authorization header for the origin of `url` alone.
            stay: whether a redirect to another host is an error.

        Raises:
            AddressRefused: it leads to an address that must not be asked.
            PlaceMissing, PlaceForbidden, PlaceUnreachable, PlaceInvalid: as the answer says; also while the body is read.
        """
        origin, here = origin_of(url), url
        for _ in range(MAX_REDIRECTS + 1):
            async with self._one(here, headers, authorization if origin_of(here) == origin else None) as response:
                if response.status not in _REDIRECTS:
                    check_status(here, response.status)
                    yield response
                    return
                here = _next(here, response.headers.get("Location"), stay)
        raise PlaceInvalid(f"{shown(url)} redirects more than {MAX_REDIRECTS} times; name the page it ends at")

    @asynccontextmanager
    async def _one(
        self, url: str, headers: Mapping[str, str] | None, authorization: str | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})}
        if authorization:
            sent["Authorization"] = authorization
        async with translated(url), self._session.get(url, headers=sent, allow_redirects=False) as response:
            yield response


@asynccontextmanager
async def open_session(addresses: Addresses) -> AsyncIterator[aiohttp.ClientSession]:
    """A session whose every connection is guarded. Proxies of the environment are not used: they would hide the address."""
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    connector = aiohttp.TCPConnector(limit=8, socket_factory=addresses.socket)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


@asynccontextmanager
async def translated(url: str) -> AsyncIterator[None]:
    """Say aiohttp's failures in our words."""
    try:
        yield
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise PlaceInvalid(f"{shown(url)} is no address: {error}; correct it") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        words = "time-out" if isinstance(error, TimeoutError) else (str(error) or type(error).__name__)
        raise PlaceUnreachable(f"{shown(url)} does not answer: {words}; it is tried again") from error


async def read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body.

    Raises:
        PlaceInvalid: it is longer than `limit` bytes.
    """
    body = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        body += piece
        if len(body) > limit:
            raise PlaceInvalid(f"{shown(str(response.url))} is longer than {limit} bytes; name a smaller one")
    return bytes(body)


def check_status(url: str, status: int) -> None:
    """Pass 200 and 304.

    Raises:
        PlaceForbidden, PlaceMissing, PlaceUnreachable, PlaceInvalid: for every other one.
    """
    if status in (200, 304):
        return
    if status in (401, 403):
        raise PlaceForbidden(f"{shown(url)} answers {status}; correct the source's credentials, or give it some")
    if status in (404, 410):
        raise PlaceMissing(f"{shown(url)} answers {status}; correct the address, or remove it from the source")
    if status in _TRANSIENT or status >= 500:
        raise PlaceUnreachable(f"{shown(url)} answers {status}; it is tried again")
    raise PlaceInvalid(f"{shown(url)} answers {status}; correct the address")


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what may share a secret.

    Raises:
        PlaceInvalid: it is no web address.
    """
    try:
        split = urlsplit(url)
        port = split.port or {"http": 80, "https": 443}[split.scheme]
    except (ValueError, KeyError) as error:
        raise PlaceInvalid(f"{url[:200]!r} is no web address; write https://host/path") from error
    return split.scheme, (split.hostname or "").lower(), port


def shown(url: str) -> str:
    """An address as messages may show it: without its query and credentials, which can be secrets."""
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}"


def _next(here: str, location: str | None, stay: bool) -> str:
    there = urljoin(here, location or "")
    before, after = urlsplit(here), urlsplit(there)
    if not location or after.scheme not in ("http", "https"):
        raise PlaceInvalid(f"{shown(here)} redirects to no web address; correct it")
    if before.scheme == "https" and after.scheme == "http":
        raise PlaceInvalid(f"{shown(here)} redirects to plain HTTP; name another page")
    if stay and (before.hostname or "").lower() != (after.hostname or "").lower():
        raise PlaceInvalid(f"{shown(here)} redirects to another host, {after.hostname}; it is no page of this site")
    return there
