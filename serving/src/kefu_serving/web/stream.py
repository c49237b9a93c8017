"""Writing server-sent events."""

from kefu_serving.web.asgi import Headers, Send

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx and its kin would otherwise gather the events.
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """A response of events; `begun` tells whether an HTTP status can still be chosen."""

    def __init__(self, send: Send, headers: Headers) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def begin(self) -> None:
        """Sends status 200 and the headers."""
        self.begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *self._headers]})

    async def event(self, data: bytes, name: bytes | None = None) -> None:
        """One event; `data` is one line."""
        head = b"event: " + name + b"\n" if name else b""
        await self._send({"type": "http.response.body", "body": head + b"data: " + data + b"\n\n", "more_body": True})

    async def end(self) -> None:
        """Ends the response cleanly, so that the connection can be used again."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
