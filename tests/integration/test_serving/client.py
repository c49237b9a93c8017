"""A small client of the gateway for tests: one turn as JSON, or as events."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from tests.integration.test_serving.servers import Gateway


class Reply(NamedTuple):
    """An HTTP response that was read to its end."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: dict[str, Any]


def _headers(gateway: Gateway, headers: dict[str, str] | None) -> dict[str, str]:
    return {"authorization": f"Bearer {gateway.key}", **(headers or {})}


async def post(
    gateway: Gateway, path: str, body: bytes | dict[str, Any], headers: dict[str, str] | None = None
) -> Reply:
    """One POST."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(gateway.url + path, data=data, headers=_headers(gateway, headers)) as response,
    ):
        return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.json())


async def get(gateway: Gateway, path: str, headers: dict[str, str] | None = None) -> Reply:
    """One GET."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(gateway.url + path, headers=_headers(gateway, headers)) as response,
    ):
        return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.json())


async def chat(gateway: Gateway, message: str, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """One answered turn."""
    reply = await post(gateway, "/v1/chat", {"message": message, **fields}, headers)
    assert reply.status == 200, reply
    return reply.body


async def read_events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """The events of a response, as they come."""
    name = ""
    async for line in response.content:
        if line.startswith(b"event: "):
            name = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield Event(name, json.loads(line[6:]))


@asynccontextmanager
async def streaming(gateway: Gateway, message: str, **fields: Any) -> AsyncIterator[AsyncIterator[Event]]:
    """A streamed turn; leaving the block hangs up."""
    body = {"message": message, "stream": True, **fields}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{gateway.url}/v1/chat", json=body, headers=_headers(gateway, None)) as response,
    ):
        assert response.status == 200, await response.text()
        yield read_events(response)


async def events(gateway: Gateway, message: str, **fields: Any) -> list[Event]:
    """All the events of a streamed turn."""
    async with streaming(gateway, message, **fields) as stream:
        return [event async for event in stream]
