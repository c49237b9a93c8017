import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_serving.client import chat, events, post, streaming
from tests.integration.test_serving.conftest import PIECES, World, a_world
from tests.integration.test_serving.servers import eventually, start_mock, start_redis

QUESTION = "How long can I return it?"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[World]:
    """A world of its own for tests that kill its members."""
    with a_world(tmp_path) as made:
        yield made


def _restart_engine(world: World) -> None:
    world.engine = start_mock("mock_engine", port=world.engine.port)
    world.engine.control(pieces=PIECES)


async def test_an_engine_killed_in_mid_stream_gives_an_error_event_and_the_next_turn_works(own: World) -> None:
    own.engine.control(pieces=["Within 7 days. ", *["many "] * 500], interval=0.05)
    found = []
    async with streaming(own.gateway, QUESTION) as stream:
        async for event in stream:
            found.append(event)
            if event.name == "delta" and own.engine.process.child.poll() is None:
                own.engine.process.kill()
    assert found[-1].name == "error"
    assert found[-1].data["code"] == "V4002" and found[-1].data["requestId"]
    _restart_engine(own)
    assert (await events(own.gateway, QUESTION))[-1].data["outcome"] == "answered"
    assert 'code="V4002"' in own.gateway.metrics()


async def test_a_broken_answer_without_a_stream_is_a_502(world: World) -> None:
    world.engine.control(pieces=["Within ", "7 ", "days"], die_after=2)
    reply = await post(world.gateway, "/v1/chat", {"message": QUESTION})
    assert (reply.status, reply.body["code"]) == (502, "V4002")


async def test_an_engine_that_is_not_there_is_said_honestly(own: World) -> None:
    own.engine.process.kill()
    answer = await chat(own.gateway, "多久可以退货？")
    assert (answer["outcome"], answer["code"]) == ("unavailable", "V4001")
    assert "暂时无法作答" in answer["answer"] and answer["citations"] == []
    assert own.gateway.ready() == (200, own.gateway.ready()[1])
    assert own.gateway.ready()[1]["upstreams"]["engine"] is False
    _restart_engine(own)
    assert (await chat(own.gateway, "多久可以退货？"))["outcome"] == "answered"


async def test_an_engine_that_refuses_is_unavailable(world: World) -> None:
    world.engine.control(status=503)
    answer = await chat(world.gateway, QUESTION)
    assert (answer["outcome"], answer["code"]) == ("unavailable", "V4001")


async def test_an_answer_that_takes_too_long_ends_with_its_code(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.engine.control(pieces=["Within 7 days. ", *["many "] * 500], interval=0.05)
        from kefu_api.documents.release import Budget
        from tests.integration.test_serving.servers import mount

        quick = world.release(name="r2", budget=Budget(total_seconds=0.5, tokens=300))
        mount(world.gateway.release, {"release.json": quick.to_json()})
        eventually(lambda: world.gateway.ready()[1]["release"] == "r2")
        found = await events(world.gateway, QUESTION)
        assert (found[-1].name, found[-1].data["code"]) == ("error", "V4003")
        reply = await post(world.gateway, "/v1/chat", {"message": QUESTION})
        assert (reply.status, reply.body["code"]) == (504, "V4003")
        eventually(lambda: world.engine.stats()["running"] == 0)


async def test_a_client_that_leaves_stops_the_engine(world: World) -> None:
    world.engine.control(pieces=["Within 7 days. ", *["many "] * 2000], interval=0.05)
    before = world.engine.stats()["cancelled"]
    async with streaming(world.gateway, QUESTION) as stream:
        async for event in stream:
            if event.name == "delta":
                break
        assert world.engine.stats()["running"] == 1
    eventually(lambda: world.engine.stats()["running"] == 0 and world.engine.stats()["cancelled"] > before)
    eventually(lambda: 'outcome="cancelled"' in world.gateway.metrics())
    assert "kefu_gateway_turns_in_flight 0.0" in world.gateway.metrics()


async def test_a_client_that_leaves_before_the_first_word_stops_the_engine_too(world: World) -> None:
    world.engine.control(pieces=PIECES, first=30)
    impatient = asyncio.ensure_future(chat(world.gateway, QUESTION))
    await asyncio.to_thread(eventually, lambda: world.engine.stats()["running"])
    impatient.cancel()
    world.engine.control(pieces=["never ", *["seen "] * 50], interval=0.05)
    eventually(lambda: 'outcome="cancelled"' in world.gateway.metrics())


@pytest.mark.parametrize("code", ["V2001", "V2002"])
async def test_knowledge_away_is_said_honestly_and_heals(world: World, code: str) -> None:
    world.retrieval.control(status=503, code=code)
    for asked, sentence in ((QUESTION, "cannot look that up right now"), ("多久可以退货？", "无法查询")):
        answer = await chat(world.gateway, asked)
        assert (answer["outcome"], answer["code"]) == ("unavailable", "V2001")
        assert sentence in answer["answer"]
    world.retrieval.control(status=200)
    assert (await chat(world.gateway, QUESTION))["outcome"] == "answered"


async def test_retrieval_killed_is_said_honestly(own: World) -> None:
    own.retrieval.process.kill()
    answer = await chat(own.gateway, QUESTION)
    assert (answer["outcome"], answer["code"]) == ("unavailable", "V2001")
    own.retrieval = start_mock("mock_retrieval", port=own.retrieval.port)
    assert (await chat(own.gateway, QUESTION))["outcome"] == "answered"


async def test_retrieval_that_hangs_is_given_up(world: World) -> None:
    world.retrieval.control(delay=600)
    answer = await chat(world.gateway, QUESTION)
    assert (answer["outcome"], answer["code"]) == ("unavailable", "V2001")


async def test_without_redis_answers_go_on_without_memory_and_say_so(own: World) -> None:
    session = (await chat(own.gateway, "my order is 4711"))["session"]
    own.redis.kill()
    for _ in range(3):
        answer = await chat(own.gateway, QUESTION, session=session)
        assert (answer["outcome"], answer["memory"]) == ("answered", False)
    assert "4711" not in str(own.engine.stats()["body"])
    assert (
        'kefu_session_errors_total{chatbot="shop",namespace="acme",operation="load",release="r1"}'
        in own.gateway.metrics()
    )
    assert own.gateway.ready()[1]["upstreams"]["redis"] is False
    own.redis = start_redis(own.redis_port)
    again = {"message": "my order is 4712", "session": session}
    await asyncio.to_thread(eventually, lambda: asyncio.run(post(own.gateway, "/v1/chat", again)).body["memory"])
    await chat(own.gateway, QUESTION, session=session)
    assert "4712" in str(own.engine.stats()["body"])


async def test_redis_that_hangs_is_given_up_and_mixes_nothing_up_later(own: World) -> None:
    first = (await chat(own.gateway, "my order is 4711"))["session"]
    second = (await chat(own.gateway, "my order is 4712"))["session"]
    own.redis.child.send_signal(signal.SIGSTOP)
    try:
        answers = await asyncio.gather(*(chat(own.gateway, QUESTION, session=s) for s in (first, second)))
    finally:
        own.redis.child.send_signal(signal.SIGCONT)
    assert [(answer["outcome"], answer["memory"]) for answer in answers] == [("answered", False)] * 2
    again = {"message": "thank you", "session": first}
    await asyncio.to_thread(eventually, lambda: asyncio.run(post(own.gateway, "/v1/chat", again)).body["memory"])
    for session, own_order, other_order in ((second, "4712", "4711"), (first, "4711", "4712")):
        assert (await chat(own.gateway, QUESTION, session=session))["memory"]
        body = str(own.engine.stats()["body"])
        assert own_order in body
        assert other_order not in body
