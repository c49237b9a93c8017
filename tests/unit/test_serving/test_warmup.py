"""The warm-up: it waits for an engine, and turns wait for it only while the engine reads."""

import asyncio
from collections.abc import Mapping, Sequence

from kefu_serving.clients.prefix import Read
from kefu_serving.errors import EngineUnavailable
from kefu_serving.warmup import LONGEST_PAUSE, Warmup

CONSTANT = ({"role": "system", "content": "You are Xiaoku."},)


class Prefix:
    """Away for so many reads, then reading until it is let go on."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.reading = asyncio.Event()
        self.go_on = asyncio.Event()

    async def read(self, messages: Sequence[Mapping[str, str]]) -> Read:
        assert messages == CONSTANT
        if self.away:
            self.away -= 1
            raise EngineUnavailable("not yet")
        self.reading.set()
        await self.go_on.wait()
        return Read(640, 0)


class Pauses:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


async def test_an_engine_that_is_away_is_waited_for_with_growing_patience() -> None:
    prefix, pauses = Prefix(away=200), Pauses()
    prefix.go_on.set()
    await Warmup(prefix, CONSTANT, pauses).run()
    assert len(pauses.seconds) == 200
    assert sum(pauses.seconds[:21]) < 3 < sum(pauses.seconds[:22])
    assert pauses.seconds == sorted(pauses.seconds)
    assert pauses.seconds[-1] == LONGEST_PAUSE


async def test_a_turn_waits_while_the_engine_reads() -> None:
    prefix = Prefix(away=0)
    warmup = Warmup(prefix, CONSTANT)
    running = asyncio.create_task(warmup.run())
    await prefix.reading.wait()
    waiting = asyncio.create_task(warmup.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    prefix.go_on.set()
    await asyncio.wait_for(waiting, 5)
    await running


async def test_a_turn_does_not_wait_for_an_engine_that_is_away() -> None:
    asleep = asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    warmup = Warmup(Prefix(away=1), CONSTANT, sleep)
    running = asyncio.create_task(warmup.run())
    await asleep.wait()
    await asyncio.wait_for(warmup.wait(), 5)
    running.cancel()


async def test_a_cancelled_warm_up_lets_turns_go_on() -> None:
    prefix = Prefix(away=0)
    warmup = Warmup(prefix, CONSTANT)
    running = asyncio.create_task(warmup.run())
    await prefix.reading.wait()
    running.cancel()
    await asyncio.wait_for(warmup.wait(), 5)
