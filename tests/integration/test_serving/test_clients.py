"""The clients against servers that misbehave on the wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hack.ports import free_port

from kefu_api.documents.release import EngineTarget, KnowledgeTarget
from kefu_serving.clients.engine import ERROR_BYTES, ERROR_SECONDS, EngineClient
from kefu_serving.clients.http import new_session
from kefu_serving.clients.retrieval import RetrievalClient
from kefu_serving.errors import EngineInterrupted, EngineUnavailable, KnowledgeUnavailable
from tests.benchmarks.gateway.mock_engine import read_request

Handler = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""Answers the n-th request of the server."""


@asynccontextmanager
async def a_server(handle: Handler) -> AsyncIterator[str]:
    """A server on a free port."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        while await read_request(reader) is not None and not writer.is_closing():
            served += 1
            await handle(served, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _reply(writer: asyncio.StreamWriter, body: bytes, status: int = 200, length: int | None = None) -> None:
    size = len(body) if length is None else length
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {size}\r\n\r\n".encode() + body)


async def _words(url: str, times: int = 1) -> list[str]:
    async with new_session() as session:
        engine = EngineClient(session, EngineTarget(url=url, model="m"), 10)
        said: list[str] = []
        for _ in range(times):
            async with engine.generate([{"role": "user", "content": "hi"}], {}) as words:
                said += [piece async for piece in words]
        return said


OK = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":null}]}\n\ndata: [DONE]\n\n'


async def test_a_pooled_connection_that_the_engine_closed_is_tried_anew() -> None:
    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 2:
            writer.transport.abort()
        else:
            _reply(writer, OK)

    async with a_server(handle) as url:
        assert await _words(url, times=2) == ["hi", "hi"]


async def test_an_engine_that_always_hangs_up_is_unavailable() -> None:
    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with a_server(handle) as url:
        with pytest.raises(EngineUnavailable, match="hung up"):
            await _words(url)


async def test_an_engine_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        await _words(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "body",
    [
        b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\ndata: {"error":{"message":"out of memory"}}\n\n',
        b"data: not json\n\n",
        b'data: {"choices":[{}]}\n\n',
        b"data: []\n\n",
        b"",
    ],
)
async def test_an_answer_that_does_not_end_as_it_should_is_interrupted(body: bytes) -> None:
    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        _reply(writer, body)

    async with a_server(handle) as url:
        with pytest.raises(EngineInterrupted):
            await _words(url)


async def test_an_answer_cut_on_the_wire_is_interrupted() -> None:
    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        _reply(writer, OK, length=10_000)
        await writer.drain()
        writer.close()

    async with a_server(handle) as url:
        with pytest.raises(EngineInterrupted, match="broke"):
            await _words(url)


ERROR = b'{"error":"the model is being loaded"}'


@pytest.mark.parametrize(
    ("parts", "then", "told"),
    [
        ([ERROR[:10], ERROR[10:]], "ends", ERROR),
        ([b"x" * 200, b"x" * 200], "ends", b"x" * ERROR_BYTES),
        ([ERROR], "breaks off", ERROR),
        ([ERROR], "says no more", ERROR),
    ],
    ids=["in parts", "too long", "broken off", "never ended"],
)
async def test_an_engines_error_is_told_as_far_as_it_comes(parts: list[bytes], then: str, told: bytes) -> None:
    length = sum(map(len, parts)) if then == "ends" else 10_000

    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        _reply(writer, b"", 500, length)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        if then == "breaks off":
            writer.close()

    async with a_server(handle) as url, asyncio.timeout(ERROR_SECONDS + 10):
        with pytest.raises(EngineUnavailable) as refusal:
            await _words(url)
        await asyncio.sleep(0.1)  # the server learns that its client has gone
    assert str(refusal.value) == f"the engine answered HTTP 500: {told.decode()}"


async def test_the_engines_key_is_read_from_its_file_for_each_call(tmp_path: Path) -> None:
    file = tmp_path / "key"
    async with new_session() as session:
        engine = EngineClient(session, EngineTarget(url="http://127.0.0.1:1", model="m", api_key_file=str(file)), 10)
        with pytest.raises(EngineUnavailable, match="key file"):
            async with engine.generate([], {}):
                pass


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"index": 3}'])
async def test_a_search_response_that_is_none_is_unavailable(body: bytes) -> None:
    async def handle(number: int, writer: asyncio.StreamWriter) -> None:
        _reply(writer, body, 200 if number % 2 else 500)

    async with a_server(handle) as url, new_session() as session:
        for _ in range(2):
            with pytest.raises(KnowledgeUnavailable, match="shop"):
                await RetrievalClient(session, KnowledgeTarget(name="shop", url=url)).search("q", (), {})
