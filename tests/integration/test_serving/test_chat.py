import asyncio
import hashlib

import pytest

from tests.benchmarks.gateway.mock_retrieval import HIT
from tests.integration.test_serving.client import chat, events, post
from tests.integration.test_serving.conftest import World
from tests.integration.test_serving.servers import eventually

QUESTION = "How long can I return it?"


async def test_an_answer_comes_whole_with_its_citation(world: World) -> None:
    answer = await chat(world.gateway, QUESTION)
    assert answer["answer"] == "You can return it within 7 days [1]."
    assert (answer["outcome"], answer["code"], answer["language"]) == ("answered", None, "en")
    assert [c["number"] for c in answer["citations"]] == [1]
    assert answer["citations"][0]["document"] == "faq/return-window.en"
    assert (answer["release"], answer["indexVersion"], answer["memory"]) == ("r1", "v1", True)


async def test_a_stream_is_start_then_deltas_then_done(world: World) -> None:
    world.engine.control(pieces=["You can ", "return an item. ", "Within ", "7 ", "days [1]."], interval=0.02)
    found = await events(world.gateway, QUESTION)
    assert [e.name for e in found] == ["start", *["delta"] * (len(found) - 2), "done"]
    assert len(found) > 3, "the sentences must not be gathered into one"
    assert "".join(e.data["text"] for e in found[1:-1]) == found[-1].data["answer"]
    assert found[-1].data["answer"] == "You can return an item. Within 7 days [1]."
    assert found[0].data["session"] == found[-1].data["session"]


@pytest.mark.parametrize(
    "pieces", [["[UNKNOWN]"], ["[", "UN", "KNOWN", "]"], ["Sorry, the evidence does not ", "say."]]
)
async def test_the_models_refusal_becomes_ours_and_its_own_words_are_never_seen(
    world: World, pieces: list[str]
) -> None:
    world.engine.control(pieces=pieces, interval=0.01)
    world.retrieval.control(hits=[{**HIT, "confidence": 0.6}])
    for asked, sentence in (("Is it blue?", "I don't know"), ("是蓝色的吗", "没有这个问题的答案")):
        found = await events(world.gateway, asked)
        told = "".join(e.data["text"] for e in found if e.name == "delta")
        done = found[-1].data
        assert sentence in told and "UNKNOWN" not in told and "evidence" not in told
        assert (done["outcome"], done["code"], done["citations"]) == ("unknown", "V2003", [])


async def test_what_the_evidence_does_not_say_is_not_said_and_the_evidence_is_quoted(world: World) -> None:
    before = world.engine.stats()["cancelled"]
    world.engine.control(pieces=["[1] You can return it within 30 days. ", *["more "] * 500], interval=0.02)
    found = await events(world.gateway, QUESTION)
    assert [e.data["text"] for e in found if e.name == "delta"] == [f"{HIT['text']}[1]"]
    assert (found[-1].data["outcome"], [c["number"] for c in found[-1].data["citations"]]) == ("answered", [1])
    eventually(lambda: world.engine.stats()["running"] == 0 and world.engine.stats()["cancelled"] > before)
    labels = 'chatbot="shop",namespace="acme",release="r1",remedy="quoted"'
    assert f"kefu_gateway_unsupported_total{{{labels}}} 1.0" in world.gateway.metrics()


async def test_no_model_is_asked_when_the_knowledge_has_no_answer(world: World) -> None:
    world.retrieval.control(answerable=False)
    before = world.engine.stats()["requests"]
    answer = await chat(world.gateway, "能寄到火星吗？")
    assert (answer["outcome"], answer["code"], answer["language"]) == ("unknown", "V2003", "zh")
    assert world.engine.stats()["requests"] == before


async def test_a_conversation_is_remembered_within_its_window(world: World) -> None:
    session = None
    for number in range(5):
        answer = await chat(world.gateway, f"question {number}?", **({"session": session} if session else {}))
        session = answer["session"]
    said = [m["content"] for m in world.engine.stats()["body"]["messages"] if m["content"].startswith("question ")]
    assert said == ["question 1?", "question 2?", "question 3?"]


async def test_one_key_cannot_read_anothers_conversation(world: World) -> None:
    from tests.integration.test_serving.servers import mount

    mount(world.gateway.keys, {"web": world.gateway.key, "other": "another-key-456"})
    eventually(lambda: world.gateway.ready()[1]["keys"] == 2)
    session = (await chat(world.gateway, "my order is 4711"))["session"]
    await chat(world.gateway, "what did I say?", {"authorization": "Bearer another-key-456"}, session=session)
    assert "4711" not in str(world.engine.stats()["body"])
    await chat(world.gateway, "what did I say?", session=session)
    assert "4711" in str(world.engine.stats()["body"])


async def test_the_trace_is_continued_to_retrieval_and_engine(world: World) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await chat(world.gateway, QUESTION, {"traceparent": parent})
    for upstream in (world.retrieval, world.engine):
        assert upstream.stats()["headers"]["traceparent"].split("-")[1] == parent.split("-")[1]
    assert eventually(lambda: [t for t in world.gateway.turns() if t.get("trace_id") == parent.split("-")[1]])


async def test_logs_name_neither_user_nor_question_nor_key(world: World) -> None:
    reply = await post(
        world.gateway,
        "/v1/chat",
        {"message": "a very secret question", "user": "alice@example.com"},
        {"x-request-id": "r-77"},
    )
    assert reply.headers["x-request-id"] == "r-77"
    turn = eventually(lambda: [t for t in world.gateway.turns() if t["request_id"] == "r-77"])[0]
    assert len(turn["user"]) == 16 and turn["user"] != hashlib.sha256(b"alice@example.com").hexdigest()[:16]
    log = "\n".join(world.gateway.process.lines)
    for secret in ("alice", "secret question", world.gateway.key, reply.body["session"]):
        assert secret not in log


async def test_metrics_count_the_turn_by_channel_and_outcome(world: World) -> None:
    await chat(world.gateway, QUESTION, {"x-kefu-channel": "web"})
    labels = 'channel="web",chatbot="shop",namespace="acme",outcome="answered",release="r1",variant="stable"'
    metrics = world.gateway.metrics()
    for name in ("turns_total", "turn_seconds_count", "first_token_seconds_count"):
        assert f"kefu_gateway_{name}{{{labels}}}" in metrics
    assert 'kefu_gateway_tokens_total{chatbot="shop",kind="completion",namespace="acme",release="r1"}' in metrics
    assert "kefu_gateway_turns_in_flight 0.0" in metrics


async def test_many_turns_at_once_do_not_mix(world: World) -> None:
    answers = await asyncio.gather(*(chat(world.gateway, f"question number {n}?") for n in range(40)))
    assert len({a["turn"] for a in answers}) == len({a["session"] for a in answers}) == 40
