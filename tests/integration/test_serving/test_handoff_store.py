"""Hand-offs in a real Valkey: bounded, forgotten in time, and one step each."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from kefu_api.wire.chat import HandoffReason
from kefu_api.wire.handoff import MAX_MESSAGES, MAX_PAGE, HandoffDetail, HandoffMessage, Said, Speaker
from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions import names
from kefu_serving.sessions.bounded import Bounded
from kefu_serving.sessions.cooldown import Cooldown
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.handoffs import HELD_SECONDS, Handoffs, Refusal
from kefu_serving.sessions.memory import Memory
from kefu_serving.sessions.redis import RedisSessions
from kefu_serving.sessions.tally import Tally

SCOPE = "acme/shop"
NOW = 1_795_000_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class Store:
    """The store as one release sees it, with a small bound."""

    def __init__(
        self, client: Redis, window: int = 3, most: int = 3, cooldown: Cooldown | None = None, ttl: int = 600
    ) -> None:
        self.client = client
        self.clock = Clock()
        tally = Tally(SCOPE, self.clock)
        memory = Memory(client, SCOPE, ttl, window, Bounded(cooldown or Cooldown(0)))
        self.sessions = RedisSessions(memory, tally, staffed=True)
        self.handoffs = Handoffs(memory, tally, self.clock, most)

    async def open(self, session: str, budget: float | None = None, *, counted: bool = False) -> Refusal | None:
        """None where it was handed over."""
        opened = await self.handoffs.open(detail(session), budget, counted=counted)
        return opened if isinstance(opened, Refusal) else None


def detail(session: str) -> HandoffDetail:
    return HandoffDetail(
        handoff=name(session), session=session, key="web", reason=HandoffReason.REQUESTED, summary="…", language="zh",
        release="r1", since="now", open=True, earlier=(Said(speaker=Speaker.CUSTOMER, text="几天退货？"),),
        messages=(
            HandoffMessage(number=1, speaker=Speaker.CUSTOMER, text="转人工", at="now"),
            HandoffMessage(number=2, speaker=Speaker.BOT, text="请稍候", at="now"),
        ),
    )  # fmt: skip


def name(session: str) -> str:
    return names.conversation("web", session).handoff


@pytest.fixture
async def store(redis_port: int) -> AsyncIterator[Store]:
    client: Redis = Redis(host="127.0.0.1", port=redis_port)
    await client.flushall()
    yield Store(client)
    await client.aclose()


async def test_a_conversation_is_handed_over_once_and_again_after_its_release(store: Store) -> None:
    assert await store.open("session-1") is None
    assert await store.open("session-1") is Refusal.ALREADY
    assert (await store.handoffs.recall("web", "session-1")).with_person is True
    assert (await store.handoffs.recall("other", "session-1")).with_person is False
    await store.handoffs.answer(name("session-1"), "您好")
    released = await store.handoffs.release(name("session-1"))
    assert released is not None
    assert await store.handoffs.recall("web", "session-1") == ((Exchange("转人工", "您好"),), False)
    assert await store.handoffs.release(name("session-1")) is None
    assert await store.handoffs.answer(name("session-1"), "too late") is None
    assert await store.handoffs.pass_on("web", "session-1", "too late") is None
    # Numbers go on, and what was said the first time is not written into the history twice.
    opened = await store.handoffs.open(detail("session-1"), None, counted=False)
    assert isinstance(opened, HandoffDetail) and [said.number for said in opened.messages] == [4, 5]
    message = await store.handoffs.answer(name("session-1"), "我又来了")
    assert message is not None and message.number == 6
    found = await store.handoffs.detail(name("session-1"))
    assert found is not None and [said.number for said in found.messages] == [4, 5, 6]
    await store.handoffs.release(name("session-1"))
    assert (await store.handoffs.recall("web", "session-1")).history == (
        Exchange("转人工", "您好"), Exchange("转人工", "我又来了"),
    )  # fmt: skip


async def test_the_history_is_kept_as_long_as_the_handoff_and_as_wide_as_the_window(store: Store) -> None:
    for number in range(3):
        await store.sessions.append("web", "session-1", Exchange(f"q{number}", f"a{number}"))
    await store.open("session-1")
    key = names.history(SCOPE, names.conversation("web", "session-1"))
    assert 600 < await store.client.ttl(key) <= HELD_SECONDS
    for text in ("x", "y"):
        await store.handoffs.answer(name("session-1"), text)
        await store.handoffs.pass_on("web", "session-1", f"re {text}")
    await store.handoffs.release(name("session-1"))
    history = (await store.handoffs.recall("web", "session-1")).history
    assert [exchange.question for exchange in history] == ["转人工", "re x", "re y"]
    assert 0 < await store.client.ttl(key) <= 600


async def test_a_handoff_never_shortens_how_long_a_conversation_is_remembered(store: Store) -> None:
    week = 7 * 86_400
    patient = Store(store.client, ttl=week)
    key = names.history(SCOPE, names.conversation("web", "session-1"))
    await patient.sessions.append("web", "session-1", Exchange("q", "a"))
    await patient.open("session-1")
    await patient.handoffs.answer(name("session-1"), "您好")
    assert week - 60 < await store.client.ttl(key) <= week
    await patient.handoffs.release(name("session-1"))
    assert week - 60 < await store.client.ttl(key) <= week


async def test_a_turn_that_ends_after_the_hand_over_does_not_shorten_it_either(store: Store) -> None:
    key = names.history(SCOPE, names.conversation("web", "session-1"))
    for handed_over, least, most in ((False, 0, 600), (True, HELD_SECONDS - 60, HELD_SECONDS)):
        if handed_over:
            await store.open("session-1")
        await store.sessions.append("web", "session-1", Exchange("q", "a"))
        assert least < await store.client.ttl(key) <= most


async def test_what_is_not_listed_any_more_is_again_as_soon_as_somebody_speaks(store: Store) -> None:
    for number in range(3):
        store.clock.now += 1
        await store.open(f"session-{number}")
    # As if Redis had needed the room; then those who wait for a person speak, the last one first.
    await store.client.delete(names.open_handoffs(SCOPE))
    assert (await store.handoffs.listed()).open == 0
    # Of one that was opened before this was kept, nobody knows since when.
    await store.client.hdel(names.handoff(SCOPE, names.conversation("web", "session-0")), "since")
    for number in (2, 0, 1):
        store.clock.now += 1
        await store.handoffs.pass_on("web", f"session-{number}", "hello?")
    listed = await store.handoffs.listed()
    assert [case.session for case in listed.handoffs] == ["session-1", "session-2", "session-0"]
    assert 0 < await store.client.ttl(names.open_handoffs(SCOPE)) <= HELD_SECONDS
    await store.handoffs.release(name("session-1"))
    assert (await store.handoffs.listed()).open == 2


async def test_without_a_window_nothing_is_remembered_and_all_else_holds(redis_port: int, store: Store) -> None:
    blind = Store(store.client, window=0)
    assert await blind.open("session-1") is None
    assert await blind.handoffs.recall("web", "session-1") == ((), True)
    assert await blind.handoffs.release(name("session-1")) is not None
    assert await store.client.exists(names.history(SCOPE, names.conversation("web", "session-1"))) == 0


async def test_everything_expires_and_what_is_gone_makes_room(store: Store) -> None:
    for number in range(3):
        store.clock.now += 1
        assert await store.open(f"session-{number}") is None
    assert await store.open("session-3") is Refusal.FULL
    listed = await store.handoffs.listed()
    assert [case.session for case in listed.handoffs] == ["session-0", "session-1", "session-2"]
    for key in await store.client.keys("*"):
        assert 0 < await store.client.ttl(key) <= 2 * HELD_SECONDS, key
    # As if nobody had spoken in it for a day.
    await store.client.delete(names.handoff(SCOPE, names.conversation("web", "session-1")))
    assert await store.open("session-3") is None
    listed = await store.handoffs.listed()
    assert (listed.open, [case.session for case in listed.handoffs]) == (3, ["session-0", "session-2", "session-3"])
    assert await store.handoffs.detail(name("session-1")) is None


async def test_messages_are_bounded_and_paged_without_gaps(store: Store) -> None:
    await store.open("session-1")
    for number in range(MAX_MESSAGES + 10):
        await store.handoffs.pass_on("web", "session-1", f"m{number}")
    seen: list[int] = []
    while messages := (await store.handoffs.messages("web", "session-1", seen[-1] if seen else 0)).messages:
        assert len(messages) <= MAX_PAGE
        seen += [message.number for message in messages]
    assert seen == list(range(13, MAX_MESSAGES + 13))
    last = await store.handoffs.messages("web", "session-1", seen[-2])
    assert [message.text for message in last.messages] == [f"m{MAX_MESSAGES + 9}"]
    assert (await store.handoffs.messages("web", "session-1", 10**8)).messages == ()
    released = await store.handoffs.release(name("session-1"))
    assert released is not None and len(released.messages) == MAX_MESSAGES


async def test_no_message_is_lost_to_a_release(store: Store) -> None:
    await store.open("session-1")

    async def talk() -> list[str]:
        taken = []
        for number in range(100):
            if await store.handoffs.pass_on("web", "session-1", f"m{number}"):
                taken.append(f"m{number}")
            await asyncio.sleep(0.001)
        return taken

    async def release() -> HandoffDetail:
        while True:
            await asyncio.sleep(0.02)
            try:
                found = await store.handoffs.release(name("session-1"))
            except SessionStoreAway:
                continue
            assert found is not None
            return found

    taken, released = await asyncio.gather(talk(), release())
    assert [message.text for message in released.messages[2:]] == taken
    [exchange] = (await store.handoffs.recall("web", "session-1")).history
    assert exchange.question == "\n".join(["转人工", *taken])


async def test_a_budget_is_a_share_of_the_day_s_conversations(store: Store) -> None:
    for number in range(7):
        await store.sessions.append("web", f"session-{number}", Exchange("q", "a"))
        await store.sessions.append("web", f"session-{number}", Exchange("q", "a"))
    store.handoffs = Store(store.client, most=100).handoffs
    openings = [await store.open(f"other-{number:03}", 0.25, counted=True) for number in range(4)]
    assert openings == [None, None, Refusal.SPENT, Refusal.SPENT]
    assert await store.open("other-009", 0.25) is None
    assert await store.open("other-010", 0.0, counted=True) is Refusal.SPENT


async def test_a_new_day_has_a_budget_of_its_own(store: Store) -> None:
    assert await store.open("session-1", 1.0, counted=True) is None
    assert await store.open("session-2", 0.5, counted=True) is Refusal.SPENT
    store.clock.now += 86_400
    assert await store.open("session-3", 1.0, counted=True) is None


async def test_what_is_no_handoff_is_said_and_does_not_crash(store: Store) -> None:
    await store.open("session-1")
    key = names.handoff(SCOPE, names.conversation("web", "session-1"))
    broken: list[Any] = ["no JSON", json.dumps({"handoff": "x"})]
    for case in broken:
        await store.client.hset(key, "case", case)
        with pytest.raises(SessionStoreAway, match="not a hand-off"):
            await store.handoffs.detail(name("session-1"))
        with pytest.raises(SessionStoreAway, match="not a hand-off"):
            await store.handoffs.listed()


async def test_what_redis_refuses_keeps_it_from_nobody_else(redis_port: int, store: Store) -> None:
    await store.sessions.append("web", "session-1", Exchange("q", "a"))
    await store.client.acl_setuser(
        "weak", enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all", "-eval", "-evalsha", "-script"]
    )
    async with Redis(host="127.0.0.1", port=redis_port, username="weak", password="pw") as client:
        weak = Store(client, cooldown=Cooldown(60))
        await store.client.set(names.history(SCOPE, names.conversation("web", "session-2")), "no list")
        with pytest.raises(SessionStoreAway, match="refuses: NoPermissionError"):
            await weak.open("session-1")
        for asked in (
            weak.sessions.load("web", "session-2"),
            weak.sessions.append("web", "session-2", Exchange("q", "a")),
        ):
            with pytest.raises(SessionStoreAway, match="refuses: ResponseError"):
                await asked
        assert await weak.sessions.load("web", "session-1") == (Exchange("q", "a"),)
