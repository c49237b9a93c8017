import asyncio

from kefu_operator.local.warm import TRIES, warm
from tests.unit.test_local.processes import Sleeps


async def answering(*statuses: int) -> tuple[asyncio.Server, str, list[bytes]]:
    """A server that gives these statuses in turn, and what it was asked."""
    left, asked = list(statuses), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"}"))
        writer.write(f"HTTP/1.1 {left.pop(0) if len(left) > 1 else left[0]} x\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_it_searches_until_the_index_answers() -> None:
    server, url, asked = await answering(503, 503, 200)
    async with server:
        assert await warm(url, Sleeps())
    assert len(asked) == 3
    assert asked[0].startswith(b"POST /v1/search HTTP/1.1\r\n")


async def test_it_gives_up_after_its_tries() -> None:
    server, url, asked = await answering(503)
    async with server:
        assert not await warm(url, Sleeps())
    assert len(asked) == TRIES


async def test_nobody_there_is_no_crash() -> None:
    assert not await warm("http://127.0.0.1:9", Sleeps())
