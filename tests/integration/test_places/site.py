"""A web site on loopback that answers conditional requests as servers do, and counts what it is asked."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.integration.loopback import served


@dataclass
class Page:
    """One page."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    conditional: bool = True


class Site:
    """Pages by path; what is absent is 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        """Paths whose body was sent."""
        self.headers: dict[str, Mapping[str, str]] = {}
        """Of the last request for each path."""
        self.url = ""
        self.stall: str | None = None
        """A path that is not answered before `released` is set."""
        self.released = asyncio.Event()

    def put(self, path: str, body: bytes | str, kind: str = "text/html", **headers: str) -> None:
        """Put a page there."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(content, {"Content-Type": kind, **headers})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        path = request.path_qs
        self.asked[path] += 1
        self.headers[path] = dict(request.headers)
        if path == self.stall:
            await self.released.wait()
        page = self.pages.get(path)
        if page is None:
            return web.Response(status=404)
        if page.status != 200:
            return web.Response(status=page.status, headers=page.headers)
        etag = f'"{hashlib.sha256(page.body).hexdigest()[:12]}"'
        headers = {**page.headers, **({"ETag": etag} if page.conditional else {})}
        if page.conditional and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        self.sent[path] += 1
        return web.Response(body=page.body, headers=headers)


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """A site on a free port."""
    site = Site()
    application = web.Application()
    application.router.add_get("/{path:.*}", site.answer)
    async with served(application) as site.url:
        yield site
