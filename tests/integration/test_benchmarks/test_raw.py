import asyncio
from collections.abc import Iterator

import pytest
from hack.ports import free_port

from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway import raw, target
from tests.integration.test_serving.servers import Mock, start_mock


@pytest.fixture(scope="module")
def engine() -> Iterator[Mock]:
    made = start_mock("mock_engine", "--tokens", "20", "--interval", "0.005")
    yield made
    made.process.stop()


def test_a_stream_s_first_word_comes_before_its_end(engine: Mock) -> None:
    answers = asyncio.run(raw.spread(target.openai(engine.port, "mock", stream=True), 4, 2, 0.05))

    assert (len(answers.first_words), answers.failed) == (8, 0)
    assert all(first + 0.09 < total for first, total in zip(answers.first_words, answers.totals, strict=True))


def test_a_burst_asks_on_every_connection(engine: Mock) -> None:
    before = engine.stats()["requests"]
    answers = asyncio.run(raw.burst(target.openai(engine.port, "mock", stream=True), 4, 2))

    assert len(answers.first_words) == 8
    assert engine.stats()["requests"] == before + 8


def test_whole_answers_are_counted_without_wrk(engine: Mock) -> None:
    answers = asyncio.run(raw.flood(target.openai(engine.port, "mock", stream=False), 2, 0.2))

    assert answers.totals
    assert not answers.failed


def test_an_answer_that_is_not_200_is_a_failure(engine: Mock) -> None:
    engine.control(status=503)
    try:
        answers = asyncio.run(raw.spread(target.openai(engine.port, "mock", stream=True), 2, 1, 0))
    finally:
        engine.control(status=200)

    assert (answers.failed, answers.first_words) == (2, [])


def test_a_stream_that_breaks_off_fails_the_benchmark(engine: Mock) -> None:
    engine.control(die_after=3)
    try:
        with pytest.raises(LoadFailed, match="/v1/chat/completions"):
            asyncio.run(raw.spread(target.openai(engine.port, "mock", stream=True), 2, 1, 0))
    finally:
        engine.control(die_after=-1)


def test_a_server_that_is_not_there_fails_the_benchmark() -> None:
    with pytest.raises(LoadFailed):
        asyncio.run(raw.burst(target.openai(free_port(), "mock", stream=True), 1, 1))
