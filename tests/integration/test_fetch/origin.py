"""A model source over real HTTP whose faults can be chosen."""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Origin:
    """Serves `files` by path, with ETag and Range, as the hub and most mirrors do."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    announce: bool = False
    """Send X-Linked-ETag, as the hub does for large files."""
    token: str | None = None
    """Bearer token that is wanted."""
    failures: list[int] = field(default_factory=list)
    """Statuses to answer first, one a request."""
    cuts: list[int] = field(default_factory=list)
    """After how many bytes of the body to hang up, one a request."""
    requests: list[web.Request] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    def asked(self) -> Counter[str]:
        return Counter(request.path for request in self.requests)

    def range_of(self, request: int) -> str | None:
        return self.requests[request].headers.get("Range")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.failures:
            return web.Response(status=self.failures.pop(0), headers={"Retry-After": "7"})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if request.path.startswith("/api/models/"):
            return self._listing(request)
        body = self.files.get(request.path)
        return web.Response(status=404) if body is None else await self._send(request, body)

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        digest = hashlib.sha256(body).hexdigest()
        headers = {"ETag": f'"{digest[:16]}"'} if self.etags else {}
        if self.announce:
            headers["X-Linked-ETag"] = f'"{digest}"'
        start, status = self._start(request, headers), 200
        if start is not None and start >= len(body):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
        if start is not None:
            status, headers["Content-Range"] = 206, f"bytes {start}-{len(body) - 1}/{len(body)}"
        rest = body[start or 0 :]
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(rest)
        await response.prepare(request)
        cut = self.cuts.pop(0) if self.cuts else None
        await response.write(rest[:cut])
        if cut is not None and request.transport:
            request.transport.close()
        return response

    def _start(self, request: web.Request, headers: dict[str, str]) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        condition = request.headers.get("If-Range")
        if not match or not self.ranges or (condition and condition != headers.get("ETag")):
            return None
        return int(match[1])

    def _listing(self, request: web.Request) -> web.Response:
        _, _, _, org, name, _, _ = request.path.split("/")
        prefix = f"/{org}/{name}/resolve/c0ffee/"
        siblings = []
        for path, body in self.files.items():
            if path.startswith(prefix):
                large = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
                siblings.append({"rfilename": path.removeprefix(prefix), "size": len(body), "lfs": large})
        return web.json_response({"sha": "c0ffee", "siblings": siblings})
