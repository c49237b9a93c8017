"""A sleeping engine's question is held, counted and answered, or refused with an honest sentence."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from kefu_api.codes import Code
from kefu_api.wire.chat import Outcome
from kefu_serving.errors import BudgetExceeded, EngineAway, EngineError, EngineUnavailable
from kefu_serving.metrics import Instruments
from kefu_serving.prompt.sentences import sentences
from kefu_serving.turn.generate import Generate
from kefu_serving.waking import Demand
from kefu_serving.web.stream import EventStream
from tests.unit.test_serving.doubles import Engine, Recorder, Words, new_metrics, silent, turn
from tests.unit.test_serving.test_stages import EVIDENCE, FACTS

NAME = {"namespace": "acme", "chatbot": "shop", "engine": "engine-1"}


class Sleeper(Engine):
    """An engine that is away for its first calls."""

    def __init__(self, *faults: EngineError) -> None:
        super().__init__(f"{FACTS[0]}[1]")
        self.faults = list(faults)

    @asynccontextmanager
    async def generate(self, messages: Sequence[Mapping[str, str]], headers: Mapping[str, str]) -> AsyncIterator[Words]:
        if self.faults:
            raise self.faults.pop(0)
        async with super().generate(messages, headers) as words:
            yield words


class Bed:
    """Where it sleeps; `forever`: it never wakes."""

    def __init__(self, *, waits: bool = True, forever: bool = False) -> None:
        self.waits = waits
        self._forever = forever
        self.told: list[str] = []

    def asked(self) -> None:
        self.told.append("asked")

    async def until_back(self) -> None:
        self.told.append("held")
        if self._forever:
            await asyncio.Event().wait()


def generate(engine: Engine, bed: Bed, budget: float = 30) -> Generate:
    return Generate(engine, [], budget, silent(), new_metrics()[0], absence=bed)


async def test_a_question_is_held_until_the_engine_is_there_and_is_then_answered() -> None:
    bed, asked = Bed(), turn(evidence=EVIDENCE)
    await generate(Sleeper(EngineAway("refused"), EngineAway("loading")), bed).run(asked)
    assert bed.told == ["asked", "held", "held"]
    assert (asked.outcome, asked.held, asked.answer) == (Outcome.ANSWERED, True, f"{FACTS[0]}[1]")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_when_the_budget_is_over_the_customer_reads_that_it_is_starting(language: str) -> None:
    asked = turn(evidence=EVIDENCE, language=language)
    await generate(Sleeper(EngineAway("refused")), Bed(forever=True), budget=0.05).run(asked)
    assert (asked.outcome, asked.code) == (Outcome.UNAVAILABLE, Code.ENGINE_STARTING)
    assert asked.answer == sentences(language).engine_starting


async def test_an_engine_that_never_sleeps_is_not_waited_for() -> None:
    bed, asked = Bed(waits=False), turn(evidence=EVIDENCE)
    await generate(Sleeper(EngineAway("refused")), bed).run(asked)
    assert (asked.code, asked.held, bed.told) == (Code.ENGINE_UNAVAILABLE, False, ["asked"])


async def test_an_engine_that_refuses_is_not_asleep() -> None:
    bed, asked = Bed(), turn(evidence=EVIDENCE)
    await generate(Sleeper(EngineUnavailable("HTTP 400")), bed).run(asked)
    assert (asked.code, bed.told) == (Code.ENGINE_UNAVAILABLE, ["asked"])


async def test_an_engine_that_is_back_and_takes_too_long_is_not_said_to_be_starting() -> None:
    class Mute(Sleeper):
        @asynccontextmanager
        async def generate(
            self, messages: Sequence[Mapping[str, str]], headers: Mapping[str, str]
        ) -> AsyncIterator[Words]:
            if not self.faults:
                await asyncio.sleep(3_600)
            async with super().generate(messages, headers) as words:
                yield words

    with pytest.raises(BudgetExceeded):
        await generate(Mute(EngineAway("refused")), Bed(), budget=0.1).run(turn(evidence=EVIDENCE))


async def test_an_answer_that_began_after_all_and_takes_too_long_is_beyond_its_budget() -> None:
    class Slow(Recorder):
        async def delta(self, text: str) -> None:
            await asyncio.sleep(3_600)

    with pytest.raises(BudgetExceeded):
        await generate(Sleeper(EngineAway("refused")), Bed(), budget=0.1).run(turn(sink=Slow(), evidence=EVIDENCE))


def test_what_is_demanded_is_shown_from_the_start_and_while_turns_are_held() -> None:
    registry = CollectorRegistry()
    demand = Demand(Instruments(registry), "acme", "shop", "engine-1")
    assert registry.get_sample_value("kefu_gateway_engine_held", NAME) == 0
    assert registry.get_sample_value("kefu_gateway_engine_asked_timestamp_seconds", NAME) == 0
    demand.asked()
    with demand.held(), demand.held():
        assert registry.get_sample_value("kefu_gateway_engine_held", NAME) == 2
    assert registry.get_sample_value("kefu_gateway_engine_held", NAME) == 0
    assert registry.get_sample_value("kefu_gateway_engine_waits_total", NAME) == 2
    asked = registry.get_sample_value("kefu_gateway_engine_asked_timestamp_seconds", NAME)
    assert asked and asked > 1_700_000_000


async def test_a_stream_breaks_its_silences_once_it_has_begun_and_no_longer_than_it_is_kept_alive() -> None:
    sent: list[bytes] = []
    comment = asyncio.Event()

    async def send(message: dict[str, object]) -> None:
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        sent.append(body)
        if body == b": still here\n\n":
            comment.set()

    stream = EventStream(send, [])  # type: ignore[arg-type]
    async with stream.kept_alive(silence=0.01):
        await asyncio.sleep(0.05)
        assert sent == []
        await stream.begin()
        await asyncio.wait_for(comment.wait(), 30)
    told = len(sent)
    await asyncio.sleep(0.05)
    assert len(sent) == told
