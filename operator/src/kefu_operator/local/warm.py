"""A first search before anybody asks: the store loads its dictionaries at the first one, which takes it a second or more."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kefu_api.token import TokenFile
from kefu_api.wire.search import SearchRequest

TRIES = 20
PAUSE = 0.5
TIMEOUT = 10.0
"""Seconds for one try."""


async def warm(url: str, token: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> bool:
    """Search until an index answers, `TRIES` times at most; whether it did.

    Args:
        url: base URL of a retrieval service on this machine.
        token: file of the token that it asks for.
        sleep: how to pause between tries.
    """
    tokens = TokenFile(token)
    for _ in range(TRIES):
        try:
            async with asyncio.timeout(TIMEOUT):
                if await _search(url, tokens.headers()):
                    return True
        except OSError:  # Includes the time-out.
            pass
        await sleep(PAUSE)
    return False


async def _search(url: str, headers: Mapping[str, str]) -> bool:
    host = urlsplit(url).netloc
    body = SearchRequest(query="客服 hello", top_k=1).to_json().encode()
    head = f"POST /v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    try:
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return (await reader.readline()).split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()
