"""Conversations that people take over: real gateways, two of them, on one real Valkey."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from kefu_api.documents.release import Handoff, HandoffWebhook, Release
from kefu_api.documents.variants import Role, Variant, Variants, only
from tests.integration.test_serving.client import Reply, chat, events, get, post
from tests.integration.test_serving.conftest import World
from tests.integration.test_serving.servers import Gateway, eventually, mount, start_gateway, start_redis

QUESTION = "How long can I return it?"
ASKED = "can I talk to a human?"
DESK_KEY = "desk-key-456"
DESK = {"authorization": f"Bearer {DESK_KEY}"}
OTHER = {"authorization": "Bearer other-key-789"}
SECRET = f"whsec_{base64.b64encode(b'w' * 32).decode()}"


class Receiver:
    """Somebody else's desk: takes posts, and refuses the first so many."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.refusals = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                refused = outer.refusals > 0
                outer.refusals -= refused
                if not refused:
                    outer.taken.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(503 if refused else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?shop=1"

    def of(self, session: str) -> list[dict[str, Any]]:
        """The events of a conversation, every one rightly signed."""
        found = [Verifier(SECRET).verify(body, headers) for headers, body in self.taken]
        return [event for event in found if event["session"] == session]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[tuple[World, Gateway]]:
    """Two replicas with one salt, as a chatbot's pods have it, and two API keys."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "salt").write_text("one salt for all replicas")
    (folder / "secret").write_text(SECRET)
    environment = {"KEFU_USER_SALT_FILE": str(folder / "salt")}
    webhook = HandoffWebhook(url=receiver.url, secret_file=str(folder / "secret"))
    terms = Handoff(on_request=True, below=0.7, webhook=webhook)
    world = World(folder / "first", environment, DESK_KEY, handoff=terms)
    second = start_gateway(folder / "second", world.release(handoff=terms), environment=environment, desk_key=DESK_KEY)
    for gateway in (world.gateway, second):
        mount(gateway.keys, {"web": gateway.key, "other": "other-key-789"})
    eventually(lambda: [gateway.ready()[1]["keys"] for gateway in (world.gateway, second)] == [2, 2])
    yield world, second
    second.process.stop()
    world.stop()


@pytest.fixture(autouse=True)
def sure(request: pytest.FixtureRequest) -> Iterator[None]:
    """Makes the knowledge sure again after each test."""
    yield
    if "two" in request.fixturenames:
        world: World = request.getfixturevalue("two")[0]
        world.retrieval.control(status=200, answerable=True, hits=[hit(0.9)])


def hit(confidence: float) -> dict[str, Any]:
    return {
        "chunk": "c1", "document": "faq/return-window.en", "title": "Within how many days can I return an item?", "headings": [],
        "text": "You can return an item within 7 days of receiving it.", "language": "en", "tags": [], "score": 1.0,
        "confidence": confidence,
    }  # fmt: skip


@contextmanager
def serving(gateway: Gateway, document: Variants) -> Iterator[None]:
    """Has the gateway serve other releases for a while."""
    held = (gateway.release / "release.json").read_text()
    shown = [{"release": v.release.name, "role": v.role.value, "weight": v.weight} for v in document.variants]
    before = gateway.ready()[1]["variants"]
    mount(gateway.release, {"release.json": document.to_json()})
    eventually(lambda: gateway.ready()[1]["variants"] == shown)
    try:
        yield
    finally:
        mount(gateway.release, {"release.json": held})
        eventually(lambda: gateway.ready()[1]["variants"] == before)


async def opened(gateway: Gateway, session: str) -> dict[str, Any]:
    """The open hand-off of a conversation, from the desk's list."""
    listed = (await get(gateway, "/v1/handoffs", DESK)).body
    return next(each for each in listed["handoffs"] if each["session"] == session)


async def say(gateway: Gateway, handoff: str, text: str) -> Reply:
    return await post(gateway, f"/v1/handoffs/{handoff}/messages", {"text": text}, DESK)


async def release(gateway: Gateway, handoff: str) -> Reply:
    return await post(gateway, f"/v1/handoffs/{handoff}/release", b"", DESK)


async def heard(
    gateway: Gateway, session: str, after: int = 0, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    reply = await get(gateway, f"/v1/chat/{session}/messages?after={after}", headers)
    assert reply.status == 200, reply
    return reply.body


async def test_from_the_request_to_the_release_over_two_replicas(
    two: tuple[World, Gateway], receiver: Receiver
) -> None:
    world, second = two
    first = await chat(world.gateway, QUESTION)
    session = first["session"]
    engine, retrieval = world.engine.stats()["requests"], world.retrieval.stats()["requests"]
    handed = await chat(world.gateway, ASKED, session=session)
    assert (handed["outcome"], handed["code"], handed["receipt"]) == ("handedOver", None, None)
    assert handed["answer"].startswith("A member of our staff will answer you here")
    assert handed["action"]["type"] == "handoff" and handed["action"]["reason"] == "Requested"
    assert QUESTION in handed["action"]["summary"]

    # The other replica is silent too, asks nobody, and passes the message on.
    silent = await chat(second, "my order is 4711", session=session)
    assert (silent["outcome"], silent["answer"], silent["receipt"], silent["action"]) == ("withPerson", "", None, None)
    assert (world.engine.stats()["requests"], world.retrieval.stats()["requests"]) == (engine, retrieval)

    case = await opened(second, session)
    assert (case["key"], case["reason"], case["language"], case["release"]) == ("web", "Requested", "en", "r1")
    detail = (await get(world.gateway, f"/v1/handoffs/{case['handoff']}", DESK)).body
    assert detail["open"] is True
    assert [(said["speaker"], said["text"]) for said in detail["earlier"]] == [
        ("customer", QUESTION), ("bot", first["answer"]),
    ]  # fmt: skip
    assert [(said["number"], said["speaker"]) for said in detail["messages"]] == [
        (1, "customer"),
        (2, "bot"),
        (3, "customer"),
    ]

    assert (await say(second, case["handoff"], "Hello, this is Anna. It ships on Friday.")).body == {"number": 4}
    told = await heard(world.gateway, session, after=3)
    assert told["withPerson"] is True
    assert [(said["number"], said["speaker"], said["text"]) for said in told["messages"]] == [
        (4, "person", "Hello, this is Anna. It ships on Friday."),
    ]  # fmt: skip
    assert (await heard(second, session, after=4))["messages"] == []

    assert (await release(world.gateway, case["handoff"])).body == {"released": True}
    assert (await heard(second, session))["withPerson"] is False
    assert (await heard(second, session, after=3))["messages"] == told["messages"]
    again = await chat(second, "and how long can I return it?", session=session)
    assert again["outcome"] == "answered"
    prompt = [message["content"] for message in world.engine.stats()["body"]["messages"]]
    assert "Hello, this is Anna. It ships on Friday." in prompt
    assert f"{ASKED}\nmy order is 4711" in prompt
    # Gone from the desk, and nothing more can be said in it.
    assert all(each["session"] != session for each in (await get(second, "/v1/handoffs", DESK)).body["handoffs"])
    assert (await say(second, case["handoff"], "too late")).status == 404
    assert (await release(second, case["handoff"])).status == 404

    kinds = eventually(lambda: len(found := receiver.of(session)) == 3 and found)
    assert sorted(event["type"] for event in kinds) == ["handoff.message", "handoff.opened", "handoff.released"]
    event = next(event for event in kinds if event["type"] == "handoff.opened")
    assert (event["namespace"], event["chatbot"], event["handoff"]) == ("acme", "shop", case["handoff"])
    assert event["detail"]["summary"] == handed["action"]["summary"]
    message = next(event["message"] for event in kinds if event["type"] == "handoff.message")
    assert (message["number"], message["text"]) == (3, "my order is 4711")
    metrics = world.gateway.metrics()
    assert 'kefu_gateway_handoffs_total{chatbot="shop",namespace="acme",reason="Requested",release="r1"} 1.0' in metrics
    assert 'outcome="handedOver",release="r1",variant="stable"} 1.0' in metrics
    assert 'outcome="withPerson",release="r1",variant="stable"} 1.0' in second.metrics()
    log = "\n".join([*world.gateway.process.lines, *second.process.lines])
    for secret in (DESK_KEY, SECRET, "4711", "Anna", session, case["handoff"]):
        assert secret not in log


async def test_a_streamed_request_is_handed_over_in_events(two: tuple[World, Gateway]) -> None:
    world, _ = two
    found = await events(world.gateway, "我要找真人客服")
    assert [event.name for event in found] == ["start", "delta", "done"]
    assert "人工客服" in found[1].data["text"]
    assert (found[2].data["outcome"], found[2].data["action"]["reason"]) == ("handedOver", "Requested")
    silent = await events(world.gateway, "在吗", session=found[2].data["session"])
    assert [event.name for event in silent] == ["start", "done"]
    assert (silent[1].data["outcome"], silent[1].data["answer"]) == ("withPerson", "")


async def test_a_question_is_handed_over_where_the_evidence_is_not_sure_enough(two: tuple[World, Gateway]) -> None:
    world, _ = two
    for answerable in (True, False):
        world.retrieval.control(answerable=answerable, hits=[hit(0.6)])
        engine = world.engine.stats()["requests"]
        handed = await chat(world.gateway, "Is it waterproof?")
        assert (handed["outcome"], handed["action"]["reason"]) == ("handedOver", "Unsure")
        assert "confidence 0.60" in handed["action"]["summary"]
        assert world.engine.stats()["requests"] == engine
        assert (await opened(world.gateway, handed["session"]))["reason"] == "Unsure"
    assert (await chat(world.gateway, "hello!"))["outcome"] in ("answered", "unknown")
    world.retrieval.control(hits=[hit(0.7)], answerable=True)
    assert (await chat(world.gateway, "Is it waterproof?"))["outcome"] == "answered"
    # An outage is no doubt: the desk is not flooded.
    world.retrieval.control(status=503)
    assert (await chat(world.gateway, "Is it waterproof?"))["outcome"] == "unavailable"


async def test_clients_that_keep_the_conversation_are_answered_as_without(two: tuple[World, Gateway]) -> None:
    world, _ = two
    listed = (await get(world.gateway, "/v1/handoffs", DESK)).body["open"]
    body: dict[str, Any] = {"model": "shop", "messages": [{"role": "user", "content": ASKED}]}
    made = await post(world.gateway, "/v1/chat/completions", body)
    assert (made.body["kefu"]["outcome"], made.body["kefu"]["action"]) == ("answered", None)
    assert (await get(world.gateway, "/v1/handoffs", DESK)).body["open"] == listed


async def test_nobody_reads_or_answers_what_is_not_theirs(two: tuple[World, Gateway]) -> None:
    world, _ = two
    gateway = world.gateway
    session = (await chat(gateway, ASKED))["session"]
    case = (await opened(gateway, session))["handoff"]
    await say(gateway, case, "for the customer alone")
    # Another API key: neither the messages nor the conversation, not even under the same name.
    assert await heard(gateway, session, headers=OTHER) == {"session": session, "withPerson": False, "messages": []}
    assert (await chat(gateway, QUESTION, OTHER, session=session))["outcome"] == "answered"
    mine = (await chat(gateway, ASKED, OTHER, session=session))["outcome"]
    assert mine == "handedOver"
    cases = [each for each in (await get(gateway, "/v1/handoffs", DESK)).body["handoffs"] if each["session"] == session]
    assert [each["key"] for each in cases] == ["web", "other"]
    assert "for the customer alone" not in str(await heard(gateway, session, headers=OTHER))
    # Customers' keys open no desk, and desk keys nothing else.
    for path in ("/v1/handoffs", f"/v1/handoffs/{case}"):
        assert (await get(gateway, path)).status == 401
        assert (await get(gateway, path, {"authorization": "Bearer no"})).status == 401
    for path in (f"/v1/handoffs/{case}/messages", f"/v1/handoffs/{case}/release"):
        assert (await post(gateway, path, {"text": "I am the shop"})).status == 401
    assert (await post(gateway, "/v1/chat", {"message": QUESTION}, DESK)).status == 401
    assert (await get(gateway, f"/v1/chat/{session}/messages", DESK)).status == 401
    assert (await get(gateway, "/v1/models", DESK)).status == 401


async def test_what_is_asked_wrongly_is_refused_with_a_sentence(two: tuple[World, Gateway]) -> None:
    world, _ = two
    gateway = world.gateway
    case = (await opened(gateway, (await chat(gateway, ASKED))["session"]))["handoff"]
    for body, code in (
        ({"text": ""}, "V1002"), ({"text": " \n"}, "V1003"), ({"text": "a" * 4_001}, "V1002"), ({"text": "a\x00"}, "V1005"), ({}, "V1002"),
        ({"text": "a", "by": "me"}, "V1002"), ([], "V1002"), (b"x" * 33_000, "V1006"), (b"\xff", "V1005"),
    ):  # fmt: skip
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = await post(gateway, f"/v1/handoffs/{case}/messages", data, DESK)
        assert (reply.status // 100, reply.body["code"]) == (4, code), body
    for unknown in ("0" * 16 + ".no-such-session", "nonsense", "%00", "a" * 129):
        assert (await get(gateway, f"/v1/handoffs/{unknown}", DESK)).status == 404
        assert (await release(gateway, unknown)).status == 404
    assert (await post(gateway, "/v1/handoffs", {}, DESK)).status == 405
    assert (await get(gateway, f"/v1/handoffs/{case}/release", DESK)).status == 405
    for after in ("x", "-1", "1e3", "1" * 10):
        assert (await get(gateway, f"/v1/chat/session-1/messages?after={after}")).status == 400
    assert (await post(gateway, "/v1/chat/session-1/messages", {})).status == 405


async def test_a_webhook_that_fails_is_tried_again(two: tuple[World, Gateway], receiver: Receiver) -> None:
    receiver.refusals = 1
    session = (await chat(two[0].gateway, ASKED))["session"]
    assert eventually(lambda: [event["type"] for event in receiver.of(session)]) == ["handoff.opened"]


async def test_many_turns_at_once_hand_a_conversation_over_once(two: tuple[World, Gateway]) -> None:
    world, second = two
    session = (await chat(world.gateway, QUESTION))["session"]
    turns = [chat((world.gateway, second)[number % 2], ASKED, session=session) for number in range(10)]
    outcomes = sorted(answer["outcome"] for answer in await asyncio.gather(*turns))
    assert outcomes == ["handedOver", *["withPerson"] * 9]
    messages = (await heard(second, session))["messages"]
    assert [said["number"] for said in messages] == list(range(1, 12))


async def test_a_shadow_tells_what_it_would_hand_over_and_does_not(two: tuple[World, Gateway]) -> None:
    world, _ = two
    document = Variants(
        salt="s",
        variants=(
            Variant(release=world.release(name="r1"), role=Role.STABLE, weight=100),
            Variant(
                release=world.release(name="r2", handoff=Handoff(on_request=True)), role=Role.SHADOW, weight=100
            ),
        ),
    )  # fmt: skip
    with serving(world.gateway, document):
        listed = (await get(world.gateway, "/v1/handoffs", DESK)).body["open"]
        assert (await chat(world.gateway, ASKED))["outcome"] == "answered"
        would = 'outcome="handedOver",release="r2",variant="shadow"} 1.0'
        eventually(lambda: would in world.gateway.metrics())
        assert (await get(world.gateway, "/v1/handoffs", DESK)).body["open"] == listed


@pytest.mark.parametrize("staffed", [Role.STABLE, Role.CANDIDATE])
async def test_a_release_that_hands_nothing_over_is_silent_too_where_a_person_has_the_conversation(
    two: tuple[World, Gateway], receiver: Receiver, staffed: Role
) -> None:
    world, _ = two
    gateway = world.gateway
    terms = Release.model_validate_json((gateway.release / "release.json").read_text()).handoff
    document = Variants(
        salt="s",
        variants=tuple(
            Variant(release=world.release(name=name, handoff=terms if role is staffed else None), role=role, weight=weight)
            for name, role, weight in (("r1", Role.STABLE, 0), ("r2", Role.CANDIDATE, 100))
        ),
    )  # fmt: skip
    of_staffed = {"x-kefu-variant": staffed.value}
    of_other = {"x-kefu-variant": (Role.CANDIDATE if staffed is Role.STABLE else Role.STABLE).value}
    with serving(gateway, document):
        session = (await chat(gateway, ASKED, of_staffed))["session"]
        case = (await opened(gateway, session))["handoff"]
        engine = world.engine.stats()["requests"]
        silent = await chat(gateway, "my order is 4711", of_other, session=session)
        assert (silent["outcome"], silent["answer"]) == ("withPerson", "")
        assert world.engine.stats()["requests"] == engine
        assert [said["text"] for said in (await heard(gateway, session, after=2))["messages"]] == ["my order is 4711"]
        told = eventually(lambda: len(found := receiver.of(session)) == 2 and found)
        assert sorted(event["type"] for event in told) == ["handoff.message", "handoff.opened"]
        # It hands nothing over itself, and answers again once the person has released the conversation.
        assert (await chat(gateway, ASKED, of_other))["outcome"] == "answered"
        await release(gateway, case)
        assert (await chat(gateway, QUESTION, of_other, session=session))["outcome"] == "answered"


async def test_with_the_last_release_that_hands_over_the_bot_has_all_conversations_again(
    two: tuple[World, Gateway],
) -> None:
    world, _ = two
    gateway = world.gateway
    session = (await chat(gateway, ASKED))["session"]
    with serving(gateway, only(world.release(name="r2"))):
        assert (await chat(gateway, QUESTION, session=session))["outcome"] == "answered"
        assert (await heard(gateway, session))["withPerson"] is False
        assert (await get(gateway, "/v1/handoffs", DESK)).status == 404


async def test_without_redis_nothing_is_handed_over_and_the_customer_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, {}, DESK_KEY, handoff=Handoff(on_request=True, below=0.7))
    try:
        session = (await chat(world.gateway, ASKED))["session"]
        case = (await opened(world.gateway, session))["handoff"]
        world.redis.kill()
        asked = await chat(world.gateway, ASKED)
        assert (asked["outcome"], asked["code"], asked["memory"]) == ("unavailable", "V5002", False)
        assert "cannot put you through" in asked["answer"]
        world.retrieval.control(hits=[hit(0.6)])
        assert (await chat(world.gateway, "Is it waterproof?"))["outcome"] == "answered"
        for reply in (
            await get(world.gateway, "/v1/handoffs", DESK),
            await get(world.gateway, f"/v1/handoffs/{case}", DESK),
            await say(world.gateway, case, "hello"),
            await release(world.gateway, case),
            await get(world.gateway, f"/v1/chat/{session}/messages"),
        ):
            assert (reply.status, reply.body["code"]) == (503, "V5002")
        metrics = world.gateway.metrics()
        withheld = 'kefu_gateway_handoffs_withheld_total{cause="away",chatbot="shop",namespace="acme",release="r1"} 2.0'
        assert withheld in metrics
        # Back, with no script in its memory.
        world.redis = start_redis(world.redis_port)
        body = {"message": ASKED}
        await asyncio.to_thread(
            eventually, lambda: asyncio.run(post(world.gateway, "/v1/chat", body)).body["outcome"] == "handedOver"
        )
    finally:
        world.stop()


async def test_a_day_s_budget_limits_doubt_and_never_a_request(tmp_path: Path) -> None:
    world = World(tmp_path, {}, DESK_KEY, handoff=Handoff(on_request=True, below=0.7, budget=0.25))
    try:
        for _ in range(7):
            assert (await chat(world.gateway, QUESTION))["outcome"] == "answered"
        world.retrieval.control(hits=[hit(0.6)])
        outcomes = [(await chat(world.gateway, "Is it waterproof?"))["outcome"] for _ in range(5)]
        # The 8th and 9th conversations are within a quarter; of 12, a third would be the fourth part.
        assert outcomes == ["handedOver", "handedOver", "answered", "answered", "handedOver"]
        assert (await chat(world.gateway, ASKED))["outcome"] == "handedOver"
        withheld = (
            'kefu_gateway_handoffs_withheld_total{cause="budget",chatbot="shop",namespace="acme",release="r1"} 2.0'
        )
        assert withheld in world.gateway.metrics()
    finally:
        world.stop()


async def test_without_handoff_there_is_no_desk_and_nobody_is_handed_over(world: World) -> None:
    assert (await chat(world.gateway, ASKED))["outcome"] == "answered"
    assert (await get(world.gateway, "/v1/handoffs", DESK)).status == 401
    assert await heard(world.gateway, "session-1") == {"session": "session-1", "withPerson": False, "messages": []}
    assert "handedOver" not in world.gateway.metrics()
