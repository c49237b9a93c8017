"""A connection that dies after Redis has done what was asked: the client asks again, and it is done once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from kefu_api.documents.release import SessionStore
from kefu_api.wire.handoff import HandoffDetail
from kefu_serving.sessions import names
from kefu_serving.sessions.connection import connect
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.tally import Tally
from tests.integration.test_serving.test_handoff_store import SCOPE, Store, detail, name


class Proxy:
    """Passes everything on to Redis, and hangs up once in place of an answer."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._until = 0

    def lose(self, which: int = 1) -> None:
        """Lose one of the next answers."""
        self._until = which

    @property
    def lost(self) -> bool:
        """Whether it was lost."""
        return self._until == 0

    async def start(self) -> int:
        """The port on which it listens."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection("127.0.0.1", self._behind)
        await asyncio.gather(self._pass(reader, asks), self._return(answers, asks, writer))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def _return(
        self, source: asyncio.StreamReader, asks: asyncio.StreamWriter, sink: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(65_536):
            was_lost = self.lost
            self._until -= not was_lost
            if self.lost and not was_lost:
                asks.close()
                break
            sink.write(data)
            await sink.drain()
        sink.close()


@pytest.fixture
async def proxy(redis_port: int) -> AsyncIterator[Proxy]:
    made = Proxy(redis_port)
    yield made
    made.stop()


@pytest.fixture
async def store(redis_port: int, proxy: Proxy) -> AsyncIterator[Store]:
    """A store behind the proxy, whose scripts Redis knows: else an answer that is lost is but that it knows none."""
    async with Redis(host="127.0.0.1", port=redis_port) as direct:
        await direct.flushall()
    url = f"redis://127.0.0.1:{await proxy.start()}/0"
    client = connect(SessionStore(url=url, ttl_seconds=600, window=3))
    made = Store(client)
    await made.open("warming-up")
    await made.handoffs.pass_on("web", "warming-up", "x")
    await made.handoffs.release(name("warming-up"))
    yield made
    await client.aclose()


async def test_a_conversation_is_handed_over_once(store: Store, proxy: Proxy) -> None:
    proxy.lose()
    opened = await store.handoffs.open(detail("session-1"), 1.0, counted=True)
    assert proxy.lost
    assert isinstance(opened, HandoffDetail) and [said.number for said in opened.messages] == [1, 2]
    found = await store.handoffs.detail(name("session-1"))
    assert found is not None and len(found.messages) == 2
    assert await store.client.get(Tally(SCOPE, store.clock).keys()[1]) == b"1"


async def test_a_message_is_said_once(store: Store, proxy: Proxy) -> None:
    await store.open("session-1")
    for number in range(3, 40):
        proxy.lose()
        message = await store.handoffs.pass_on("web", "session-1", "my parcel is late")
        assert proxy.lost
        assert message is not None and message.number == number
    found = await store.handoffs.detail(name("session-1"))
    assert found is not None and [said.number for said in found.messages] == list(range(1, 40))
    assert await store.client.hstrlen(names.handoff(SCOPE, names.conversation("web", "session-1")), "done") <= 512


async def test_a_conversation_is_released_once(store: Store, proxy: Proxy) -> None:
    await store.open("session-1")
    await store.handoffs.answer(name("session-1"), "您好")

    proxy.lose(2)  # the first tells what is to be released
    assert await store.handoffs.release(name("session-1")) is not None
    assert proxy.lost
    assert await store.handoffs.recall("web", "session-1") == ((Exchange("转人工", "您好"),), False)
    assert await store.handoffs.release(name("session-1")) is None


async def test_an_exchange_is_remembered_once(store: Store, proxy: Proxy) -> None:
    said = [Exchange(f"q{number}", "a") for number in range(5)]
    for exchange in said:
        proxy.lose()
        await store.sessions.append("web", "session-1", exchange)
        assert proxy.lost
    assert await store.sessions.load("web", "session-1") == tuple(said[-3:])


async def test_what_is_said_for_the_first_time_is_so_although_the_answer_was_lost(store: Store, proxy: Proxy) -> None:
    proxy.lose()
    assert await store.sessions.first("rated:r-1")
    assert proxy.lost
    assert not await store.sessions.first("rated:r-1")
