"""Our own load driver: bare sockets on one event loop, which sees when the first word of each answer arrives.

wrk knows whole responses only. Where wrk is not installed this driver counts requests a second as well.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.target import FIRST_WORD, Target

ANSWER_SECONDS = 60.0
"""Longest wait for one answer; a subject that takes longer has failed."""


@dataclass(slots=True)
class Answers:
    """What came back."""

    first_words: list[float] = field(default_factory=list)
    """Seconds from sending a request to the first word of its answer."""
    totals: list[float] = field(default_factory=list)
    """Seconds from sending a request to the end of its answer."""
    failed: int = 0
    seconds: float = 0.0


class Answer(asyncio.Protocol):
    """One connection; `ask` sends a request on it and ends with the response."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._transport: asyncio.Transport | None = None
        self._ended: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # A cast, because uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that ends while an answer is awaited is a failure."""
        if self._ended and not self._ended.done():
            self._ended.set_exception(error or ConnectionResetError("closed before the answer ended"))

    async def ask(self, request: bytes) -> None:
        """One request and its response. Raises OSError when the connection breaks, TimeoutError."""
        assert self._transport is not None
        self._ended = asyncio.get_running_loop().create_future()
        self._head, self._seen, self._tail, self._first = b"", 0, b"", 0.0
        self._length: int | None = None
        self._sent = time.perf_counter()
        self._transport.write(request)
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._ended

    def close(self) -> None:
        """Ends the connection."""
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Notes the first word and the end; the head is read once."""
        if not self._seen:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._begin(head)
        self._seen += len(data) or 1
        if not self._first and FIRST_WORD in self._tail + data:
            self._first = time.perf_counter() - self._sent
        self._tail = (self._tail + data)[-5:]
        if self._tail == b"0\r\n\r\n" if self._length is None else self._seen >= self._length:
            self._end()

    def _begin(self, head: bytes) -> None:
        self._ok = head.split(b" ", 2)[1] == b"200"
        for line in head.lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                self._length = int(value)

    def _end(self) -> None:
        if self._ok and self._first:
            self._answers.first_words.append(self._first)
            self._answers.totals.append(time.perf_counter() - self._sent)
        else:
            self._answers.failed += 1
        assert self._ended is not None
        self._ended.set_result(None)


Work = Callable[[int, Answer, Iterator[bytes]], Awaitable[None]]


async def _connect(target: Target, answers: Answers) -> Answer:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Answer(answers), "127.0.0.1", target.port)
    return connection


async def spread(target: Target, connections: int, rounds: int, span: float) -> Answers:
    """`connections` answers at a time, begun evenly over the first `span` seconds, `rounds` on each connection."""

    async def one(number: int, connection: Answer, requests: Iterator[bytes]) -> None:
        await asyncio.sleep(span * number / connections)
        for _ in range(rounds):
            await connection.ask(next(requests))

    return await _run(target, connections, one)


async def burst(target: Target, connections: int, rounds: int) -> Answers:
    """`connections` requests at the same moment; the next ones when all of them are answered."""
    barrier = asyncio.Barrier(connections)

    async def one(number: int, connection: Answer, requests: Iterator[bytes]) -> None:
        for _ in range(rounds):
            await barrier.wait()
            await connection.ask(next(requests))

    return await _run(target, connections, one)


async def flood(target: Target, connections: int, seconds: float) -> Answers:
    """Requests without a pause on every connection, for `seconds`."""
    until = time.perf_counter() + seconds

    async def one(number: int, connection: Answer, requests: Iterator[bytes]) -> None:
        while time.perf_counter() < until:
            await connection.ask(next(requests))

    return await _run(target, connections, one)


async def _run(target: Target, connections: int, work: Work) -> Answers:
    answers = Answers()
    requests = itertools.cycle(target.requests())
    opened: list[Answer] = []

    async def one(number: int, connection: Answer) -> None:
        await work(number, connection, requests)

    try:
        for _ in range(connections):
            opened.append(await _connect(target, answers))
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, connection in enumerate(opened):
                group.create_task(one(number, connection))
        answers.seconds = time.perf_counter() - begun
    except* (OSError, TimeoutError) as errors:
        raise LoadFailed(f"{target.path} on port {target.port}: {errors.exceptions[0]!r}") from errors
    finally:
        for connection in opened:
            connection.close()
    return answers
