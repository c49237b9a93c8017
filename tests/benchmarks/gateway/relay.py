"""The named peer: the least that an ASGI program in Python can do between a client and an engine.

It copies the body up and the bytes down, on the same server (uvicorn, httptools, uvloop) and client (aiohttp) as the
gateway. What the gateway costs beyond it is what authentication, retrieval, prompt, session and records cost.
"""

import argparse
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
import uvloop
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

Message = MutableMapping[str, Any]


class Relay:
    """ASGI application that sends every request to one engine."""

    def __init__(self, engine: str, session: ClientSession) -> None:
        self._engine = engine
        self._session = session

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Serves one request."""
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {"content-type": "application/json"}
        async with self._session.post(self._engine + scope["path"], data=body, headers=headers) as upstream:
            kind = upstream.headers["content-type"].encode()
            await send({"type": "http.response.start", "status": upstream.status, "headers": [(b"content-type", kind)]})
            async for chunk in upstream.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def main() -> None:
    """Serves until SIGTERM; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, help="base URL")
    given = parser.parse_args()
    front = socket.create_server(("127.0.0.1", 0), backlog=2048)
    connector, cookies = TCPConnector(limit=1_000), DummyCookieJar()
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=None), cookie_jar=cookies) as session:
        config = uvicorn.Config(
            Relay(given.engine, session), loop="none", http="httptools", ws="none", lifespan="off",
            access_log=False, log_config=None, server_header=False, proxy_headers=False,
        )  # fmt: skip
        print(json.dumps({"port": front.getsockname()[1]}), flush=True)
        await uvicorn.Server(config).serve([front])


if __name__ == "__main__":
    uvloop.run(main())
