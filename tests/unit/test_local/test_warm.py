import asyncio
from pathlib import Path

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


async def test_it_searches_until_the_index_answers(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the-token")
    server, url, asked = await answering(503, 503, 200)
    async with server:
        assert await warm(url, tmp_path / "key", Sleeps())
    assert len(asked) == 3
    assert asked[0].startswith(b"POST /v1/search HTTP/1.1\r\n")
    assert b"\r\nkefu-token: the-token\r\n" in asked[0]


async def test_it_gives_up_after_its_tries(tmp_path: Path) -> None:
    server, url, asked = await answering(503)
    async with server:
        assert not await warm(url, tmp_path / "none", Sleeps())
    assert len(asked) == TRIES


async def test_nobody_there_is_no_crash(tmp_path: Path) -> None:
    assert not await warm("http://127.0.0.1:9", tmp_path / "none", Sleeps())
