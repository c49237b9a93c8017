"""Writing server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kefu_serving.web.asgi import Headers, Send

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx and its kin would otherwise gather the events.
    (b"x-accel-buffering", b"no"),
]


SILENCE_SECONDS = 10.0
"""Of silence, after which a comment is sent: balancers and proxies take a silent connection for a dead one, many after 30 s."""
_COMMENT = b": still here\n\n"


class EventStream:
    """A response of events; `begun` tells whether an HTTP status can still be chosen."""

    def __init__(self, send: Send, headers: Headers) -> None:
        self._send = send
        self._headers = headers
        self.begun = False
        self._spoken = False

    async def begin(self) -> None:
        """Sends status 200 and the headers."""
        self.begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *self._headers]})

    async def event(self, data: bytes, name: bytes | None = None) -> None:
        """One event; `data` is one line."""
        self._spoken = True
        head = b"event: " + name + b"\n" if name else b""
        await self._send({"type": "http.response.body", "body": head + b"data: " + data + b"\n\n", "more_body": True})

    @asynccontextmanager
    async def kept_alive(self, silence: float = SILENCE_SECONDS) -> AsyncIterator[None]:
        """Meanwhile, say something in every silence: a comment, which clients skip."""
        task = asyncio.create_task(self._break_silences(silence))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _break_silences(self, silence: float) -> None:
        while True:
            self._spoken = False
            await asyncio.sleep(silence)
            if self.begun and not self._spoken:
                await self._send({"type": "http.response.body", "body": _COMMENT, "more_body": True})

    async def end(self) -> None:
        """Ends the response cleanly, so that the connection can be used again."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
