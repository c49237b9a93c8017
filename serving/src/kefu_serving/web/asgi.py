"""The few ASGI shapes that we need, with no framework between them and the server."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


async def respond(send: Send, status: int, content: bytes, kind: bytes, headers: Headers | None = None) -> None:
    """A whole response."""
    start = [(b"content-type", kind), (b"content-length", str(len(content)).encode()), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


async def respond_json(send: Send, status: int, content: str | bytes, headers: Headers | None = None) -> None:
    """A whole JSON response, given as text."""
    body = content.encode() if isinstance(content, str) else content
    await respond(send, status, body, b"application/json", headers)


def dumps(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return _ENCODER.encode(value).encode()
