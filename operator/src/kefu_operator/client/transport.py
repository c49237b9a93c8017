"""One request to the API server: a time limit, JSON both ways, and foreign errors made ours.

The official client's requests are not used: they copy every body several times.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from kefu_operator.bounded import read_up_to
from kefu_operator.client.way import Way
from kefu_operator.desired.types import Object
from kefu_operator.errors import Silent, Unavailable, api_error

CALL_SECONDS = 30.0
"""Every call but a watch."""
CONNECT_SECONDS = 5
WATCH_SECONDS = 290
"""How long the API server keeps one watch open."""
LINE_BYTES = 2**21
"""The longest event of a watch: an object has at most 1.5 MiB."""
MOMENT = 0.02
"""Seconds from one look at a watch to the next. The answer to a write of ours has mostly come by then, and the watch's news of it need
not be read."""
SHOWN_BYTES = 80
"""Of what nobody can read."""
LISTS = 16
"""Pages of lists at once: there are as many lists as watches, and each page may be large."""
JSON = "application/json"

QUERY = {
    "label_selector": "labelSelector",
    "field_selector": "fieldSelector",
    "limit": "limit",
    "more": "continue",
    "field_manager": "fieldManager",
    "force_conflicts": "force",
    "dry_run": "dryRun",
    "field_validation": "fieldValidation",
    "resource_version": "resourceVersion",
}
"""Options of a request, by the API server's names for them."""


Guard = Callable[[], object]
"""Asked when a request's bytes are about to be sent; what it raises keeps them from it."""


class _Guarded(BytesPayload):
    """A body that asks its guard just before its bytes go out, and the request's headers with them.

    Whatever is asked earlier is asked too early: between a request's begin and its bytes lie a turn of the event loop at least,
    and perhaps a connection that is made first.
    """

    def __init__(self, body: bytes, guard: Guard) -> None:
        super().__init__(body)
        self._guard = guard
        self.refusal: Exception | None = None
        """What the guard raised; aiohttp tells of it as of a connection that failed."""

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        try:
            self._guard()
        except Exception as refusal:
            self.refusal = refusal
            raise
        await super().write_with_length(writer, content_length)


class Transport:
    """Carries requests."""

    def __init__(self, calls: aiohttp.ClientSession, watches: aiohttp.ClientSession, way: Way, silence: float) -> None:
        """Prepare.

        Args:
            calls: for what is answered soon, with the certificates of the way.
            watches: the same for answers that go on for minutes, and for the lists before them.
            way: to the API server.
            silence: seconds after which a stream of lines that says nothing is broken off.
        """
        self._calls = calls
        self._watches = watches
        self._lists = asyncio.Semaphore(LISTS)
        self._way = way
        self._agent = f"kefu-operator/{os.environ.get('KEFU_VERSION', 'dev')}"
        self._stream = aiohttp.ClientTimeout(total=WATCH_SECONDS + 30, sock_connect=CONNECT_SECONDS, sock_read=silence)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = JSON,
        seconds: float = CALL_SECONDS,
        guard: Guard | None = None,
        **options: Any,
    ) -> Object:
        """One call that answers with an object, within so many seconds.

        A guard is asked last of all, when the bytes are about to go out.

        Args:
            method: of HTTP.
            path: on the API server.
            body: what is sent as JSON.
            content_type: of the body: JSON, or a kind of patch.
            seconds: the time limit.
            guard: see above.
            options: by the names of `QUERY`; empty ones are left out.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query = _query(tuple(options.items()))
        sent = b"" if body is None else orjson.dumps(body)
        guarded = _Guarded(sent, guard) if guard else None
        async with self._answer(
            method, path, query, _within(seconds), body=guarded or sent, content_type=content_type
        ) as answer:
            return parsed(await answer.read())

    async def page(self, path: str, **options: Any) -> Object:
        """A page of a list, on a connection that a watch has afterwards.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        query, limit = _query(tuple(options.items())), _within(CALL_SECONDS)
        async with self._lists, self._answer("get", path, query, limit, session=self._watches) as answer:
            return parsed(await answer.read())

    async def lines(self, path: str, query: Mapping[str, str]) -> AsyncGenerator[bytes]:
        """An answer line by line, until the API server ends it.

        Raises:
            Silent: it began to answer, and no line came for long.
            ApiError: the API server refused or went away.
        """
        async with self._answer("get", path, urlencode(query), self._stream, session=self._watches) as answer:
            rest = b""
            while some := await self._some(answer):
                *lines, rest = (rest + some).split(b"\n")
                for line in lines:
                    yield line
                if len(rest) > LINE_BYTES:
                    raise Unavailable(f"the API server sent a line of more than {LINE_BYTES} bytes")
                await asyncio.sleep(MOMENT)
            if rest:
                yield rest

    async def _some(self, answer: aiohttp.ClientResponse) -> bytes:
        try:
            return await answer.content.readany()
        except aiohttp.SocketTimeoutError as error:
            raise Silent(f"nothing came for {self._stream.sock_read:g} s") from error

    async def text(self, path: str, query: Mapping[str, str], limit: int) -> str:
        """The first `limit` bytes of an answer in plain text.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        async with self._answer("get", path, urlencode(query), _within(CALL_SECONDS), accept="*/*") as answer:
            return (await read_up_to(limit, answer.content)).decode(errors="replace")

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        query: str,
        limit: aiohttp.ClientTimeout,
        *,
        body: _Guarded | bytes = b"",
        content_type: str = "",
        accept: str = JSON,
        session: aiohttp.ClientSession | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The API server's answer where it is a good one; foreign errors become ours, the original chained."""
        headers = {"Accept": accept, "User-Agent": self._agent}
        if body:
            headers["Content-Type"] = content_type
        url = URL(f"{self._way.server}{path}?{query}", encoded=True)
        try:
            token = self._way.token()
            if token:
                headers["Authorization"] = f"Bearer {token}"
            async with (session or self._calls).request(
                method, url, data=body or None, headers=headers, timeout=limit, server_hostname=self._way.server_name
            ) as answer:
                if answer.status >= 400:
                    raise api_error(answer.status, _message(await answer.read(), answer.reason), _retry_after(answer))
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(body, _Guarded) and body.refusal:
                raise body.refusal from None
            raise Unavailable(f"the API server cannot be reached: {type(error).__name__}: {error}") from error


def parsed(text: bytes) -> Object:
    """An object that the API server sent.

    Raises:
        Unavailable: it is none: cut off on its way, or from somebody else, such as the login page of a proxy.
    """
    try:
        found = orjson.loads(text)
    except ValueError as error:
        raise Unavailable(f"the API server sent what is not JSON: {error}: {_shown(text)}") from error
    if not isinstance(found, dict):
        raise Unavailable(f"the API server sent what is no object: {_shown(text)}")
    return found


def part(found: Object, *names: str) -> Any:
    """What an answer holds under these names, one in the other.

    Raises:
        Unavailable: it holds nothing there, so it is no object, list or event of the API server's.
    """
    held: Any = found
    for name in names:
        held = held.get(name) if isinstance(held, dict) else None
    if held is None:
        raise Unavailable(f"the API server sent what has no {'.'.join(names)}: {_shown(orjson.dumps(found))}")
    return held


def _shown(text: bytes) -> str:
    return text[:SHOWN_BYTES].decode(errors="replace")


@lru_cache(64)
def _query(options: tuple[tuple[str, object], ...]) -> str:
    """Of options by the names of `QUERY`; most requests have the same ones."""
    return urlencode({QUERY[name]: _text(value) for name, value in options if value})


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT_SECONDS))


def _message(body: bytes, reason: str | None) -> str:
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return (body.decode(errors="replace") or str(reason))[:500]


def _retry_after(answer: aiohttp.ClientResponse) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0
