"""HTTP as a fetch needs it: who may see the token, and what each failure means."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from kefu_operator.fetch.access import Access
from kefu_operator.fetch.errors import Forbidden, NotFound, Unreachable, UriInvalid

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0
"""Longest pause inside a body before the connection counts as dead."""

_TRANSIENT = frozenset({408, 425, 429})


class Web:
    """Requests to model sources."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, *, allow_http: bool) -> None:
        self._session, self._access, self._allow_http = session, access, allow_http

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open `url`; the status is 200, 206 or 416.

        Raises:
            NotFound, Forbidden, Unreachable: as the status or the connection says; also while the body is read.
            UriInvalid: a redirect leads to plain HTTP without permission.
        """
        sent = self._access.sent(url, {"Accept-Encoding": "identity", **(headers or {})})
        try:
            async with self._session.get(
                # A signature is over the address as it is written here.
                URL(url, encoded=not self._access.follows),
                headers=sent,
                proxy=_proxy(url),
                allow_redirects=self._access.follows,
            ) as response:
                self._check_redirects(url, response)
                _check_status(url, response, self._access.remedy)
                yield response
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise UriInvalid(f"{shown(url)} cannot be requested: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"{shown(url)} does not answer: {_words(error)}; check the network") from error

    def _check_redirects(self, url: str, response: aiohttp.ClientResponse) -> None:
        if response.url.scheme == "http" and not self._allow_http:
            raise UriInvalid(f"{shown(url)} redirects to plain HTTP; use another source, or set KEFU_ALLOW_HTTP=1")


@asynccontextmanager
async def open_web(access: Access, *, allow_http: bool, connect_seconds: float = CONNECT_SECONDS) -> AsyncIterator[Web]:
    """Open a client that asks with `access`."""
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_read=SILENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        yield Web(session, access, allow_http=allow_http)


async def read_bounded(response: aiohttp.ClientResponse, limit: int, setting: str) -> bytes:
    """Read a body of at most `limit` bytes; `setting` names what led to its server.

    Raises:
        Unreachable: it is longer.
    """
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > limit:
            raise Unreachable(f"{shown(str(response.url))} answers with more than a listing; check {setting}")
    return bytes(body)


def shown(url: str) -> str:
    """Give an address as messages may show it: without its query, which can hold a signature."""
    return url.partition("?")[0]


def _check_status(url: str, response: aiohttp.ClientResponse, remedy: str) -> None:
    status = response.status
    if status in (200, 206, 416):
        return
    if status in (401, 403):
        raise Forbidden(f"{shown(url)} answers {status}: {remedy}; a model that does not exist can answer so, too")
    if status in (404, 410):
        raise NotFound(f"{shown(url)} does not exist: check the model's URI and revision")
    if status in _TRANSIENT or status >= 500:
        raise Unreachable(f"{shown(url)} answers {status}; try again later", _retry_after(response))
    if 300 <= status < 400:
        raise NotFound(
            f"{shown(url)} answers {status}: the bucket is elsewhere; check endpoint and region in spec.model.s3"
        )
    raise NotFound(f"{shown(url)} answers {status}: check the model's URI")


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _proxy(url: str) -> str | None:
    """Give the proxy that the environment names; aiohttp's own `trust_env` would read ~/.netrc, too."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def _words(error: Exception) -> str:
    return "time-out" if isinstance(error, TimeoutError) else (str(error) or type(error).__name__)
