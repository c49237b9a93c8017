"""Handing over, decided without a store: what is said, kept, counted and told."""

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError
from standardwebhooks import Webhook as Verifier

from kefu_api.documents.release import Handoff, HandoffWebhook
from kefu_api.signing import read_secrets, signed_headers
from kefu_api.wire.chat import HandoffReason, Outcome
from kefu_api.wire.handoff import HandoffDetail, HandoffEvent, HandoffMessage, Speaker
from kefu_serving.clients.webhook import PAUSES, Couriers, Webhook
from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions import names
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.handoffs import Recalled, Refusal
from kefu_serving.sessions.writeback import exchanges_of
from kefu_serving.turn.handoff import Doubt, Handover, Yield
from kefu_serving.turn.state import Channel, Evidence, Turn, Verdict
from kefu_serving.turn.summary import MAX_SUMMARY, summary_of
from tests.unit.test_serving.doubles import Recorder, hit, new_metrics, turn

ASKED = "转人工"
NOW = 1_795_000_000.125
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


class Desk:
    """A desk that answers every hand-over alike."""

    def __init__(self, opening: Refusal | None = None, *, away: bool = False, held: bool = True) -> None:
        self.opening = opening
        self.away = away
        self.held = held
        self.opened: list[tuple[HandoffDetail, float | None, bool]] = []
        self.passed: list[str] = []

    async def recall(self, owner: str, session: str) -> Recalled:
        return Recalled((Exchange("4711?", "Anna: on Friday"),), with_person=False)

    async def open(self, detail: HandoffDetail, budget: float | None, *, counted: bool) -> HandoffDetail | Refusal:
        self._answer()
        self.opened.append((detail, budget, counted))
        return self.opening or detail

    async def pass_on(self, owner: str, session: str, text: str) -> HandoffMessage | None:
        self._answer()
        self.passed.append(text)
        return HandoffMessage(number=3, speaker=Speaker.CUSTOMER, text=text, at="now") if self.held else None

    def _answer(self) -> None:
        if self.away:
            raise SessionStoreAway("away")


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def opened(self, detail: HandoffDetail) -> None:
        self.events.append(f"opened {detail.session}")

    def said(self, owner: str, session: str, message: HandoffMessage) -> None:
        self.events.append(f"said {message.text}")


class Room:
    """A hand-over and all around it."""

    def __init__(self, desk: Desk | None = None, **terms: Any) -> None:
        self.desk = desk or Desk()
        self.told = Told()
        metrics, self._registry = new_metrics()
        self.terms = Handoff(**{"on_request": True, **terms})
        self.handover = Handover(self.desk, self.told, metrics, self.terms.budget, lambda: NOW)

    async def run(self, asked: Turn) -> Turn:
        await Yield(self.handover, gives=self.terms.on_request).run(asked)
        if not asked.over:
            await Doubt(self.handover, 0.7).run(asked)
        return asked

    def counted(self, name: str, **labels: str) -> float | None:
        labels |= {"namespace": "acme", "chatbot": "shop", "release": "r1"}
        return self._registry.get_sample_value(f"kefu_gateway_{name}_total", labels)


def doubtful(message: str = "防水吗", confidence: float = 0.6, **changes: Any) -> Turn:
    evidence = Evidence((hit(1, title="能防水吗？", confidence=confidence),), confidence, True, "v1")
    return turn(message, **{"language": "zh", "evidence": evidence, **changes})


async def test_who_asks_for_a_person_is_handed_over_with_all_that_was_said() -> None:
    room, sink = Room(), Recorder()
    asked = await room.run(turn(ASKED, sink=sink, language="zh", history=(Exchange("几天退货？", "七天。"),)))
    assert (asked.outcome, asked.over, asked.code) == (Outcome.HANDED_OVER, True, None)
    assert "人工客服为您服务" in "".join(sink.texts)
    [(detail, budget, counted)] = room.desk.opened
    assert (budget, counted) == (None, False)
    assert detail.handoff == names.conversation("web", "session-1").handoff
    assert names.of_handoff(detail.handoff) == names.conversation("web", "session-1")
    assert (detail.since, detail.key, detail.release) == ("2026-11-18T11:06:40.125Z", "web", "r1")
    assert [(said.speaker.value, said.text) for said in detail.earlier] == [
        ("customer", "几天退货？"),
        ("bot", "七天。"),
    ]
    assert [(said.speaker.value, said.text) for said in detail.messages] == [("customer", ASKED), ("bot", asked.answer)]
    assert asked.action is not None and asked.action.summary == detail.summary
    assert room.told.events == ["opened session-1"]
    assert room.counted("handoffs", reason="Requested") == 1


async def test_where_requests_are_not_heard_they_are_questions() -> None:
    room = Room(on_request=False, below=0.7)
    asked = await room.run(turn(ASKED))
    assert (asked.over, room.desk.opened) == (False, [])


@pytest.mark.parametrize(
    ("case", "asked", "over"),
    [
        ("less than wanted", doubtful(), True),
        ("less, and nothing to answer from", doubtful(verdict=Verdict.SAY_UNKNOWN), True),
        ("as much as wanted", doubtful(confidence=0.7), False),
        ("a greeting", doubtful("你好！"), False),
        ("an outage", doubtful(verdict=Verdict.SAY_UNAVAILABLE, evidence=None), False),
    ],
)
async def test_doubt(case: str, asked: Turn, over: bool) -> None:
    room = Room(below=0.7, budget=0.25)
    assert (await room.run(asked)).over is over
    assert [(budget, counted) for _, budget, counted in room.desk.opened] == [(0.25, True)] * over


@pytest.mark.parametrize(
    ("case", "desk", "cause"),
    [
        ("the budget is spent", Desk(Refusal.SPENT), "budget"),
        ("too many are open", Desk(Refusal.FULL), "full"),
        ("the store is away", Desk(away=True), "away"),
    ],
)
async def test_what_cannot_be_handed_over_goes_on_or_is_told(case: str, desk: Desk, cause: str) -> None:
    room = Room(desk, below=0.7)
    assert (await room.run(doubtful())).over is False
    asked = await room.run(turn(ASKED, language="zh"))
    assert (asked.outcome, asked.code, asked.action) == (Outcome.UNAVAILABLE, "V5002", None)
    assert "无法为您转接" in asked.answer
    assert room.counted("handoffs_withheld", cause=cause) == 2
    assert room.told.events == []


async def test_without_memory_the_store_is_not_asked_again() -> None:
    room = Room()
    asked = await room.run(turn(ASKED, memory=False))
    assert (asked.outcome, room.desk.opened) == (Outcome.UNAVAILABLE, [])


async def test_while_a_person_has_it_the_bot_is_silent() -> None:
    room, sink = Room(), Recorder()
    asked = await room.run(turn("4711", sink=sink, with_person=True))
    assert (asked.outcome, asked.answer, sink.texts) == (Outcome.WITH_PERSON, "", [])
    assert (room.desk.passed, room.told.events) == (["4711"], ["said 4711"])


async def test_a_message_that_does_not_reach_the_person_is_told() -> None:
    asked = await Room(Desk(away=True)).run(turn("4711", with_person=True))
    assert (asked.outcome, asked.code, asked.memory) == (Outcome.UNAVAILABLE, "V5002", False)
    assert "did not reach our staff" in asked.answer


async def test_released_in_mid_turn_the_bot_answers_and_knows_what_was_said() -> None:
    asked = await Room(Desk(held=False)).run(turn("and now?", with_person=True))
    assert (asked.over, asked.with_person) == (False, False)
    assert asked.history == (Exchange("4711?", "Anna: on Friday"),)


async def test_of_two_turns_at_once_the_second_is_passed_on() -> None:
    room = Room(Desk(Refusal.ALREADY))
    asked = await room.run(turn(ASKED))
    assert (asked.outcome, room.told.events) == (Outcome.WITH_PERSON, [f"said {ASKED}"])


async def test_who_keeps_the_conversation_is_answered_as_without() -> None:
    room = Room(below=0.7)
    asked = await room.run(doubtful(ASKED, history_of_client=(), channel=Channel.OPENAI))
    assert (asked.over, asked.answer, room.desk.opened) == (False, "", [])


ZH = "机器人没有把握回答。\n顾客说：防水吗\n此前问过：几天退货？\n机器人上一次的回答：七天。\n最接近的资料：《能防水吗？》（把握 0.60）"
EN = "The customer asks for a person.\nThe customer says: a human please"


def test_a_summary_is_made_of_the_conversation() -> None:
    assert summary_of(doubtful(history=(Exchange("几天退货？", "七天。"),)), HandoffReason.UNSURE) == ZH
    assert summary_of(turn("a human please"), HandoffReason.REQUESTED) == EN
    endless = turn("x" * 4_000, history=tuple(Exchange("y\n" * 900, "z" * 2_000) for _ in range(20)))
    assert len(summary_of(endless, HandoffReason.REQUESTED)) <= MAX_SUMMARY


@pytest.mark.parametrize(
    ("case", "said", "exchanges"),
    [
        ("nobody came", "c:转人工 b:请稍候", [("转人工", "请稍候")]),
        ("by turns", "c:转人工 b:请稍候 p:您好 c:4711 p:周五", [("转人工", "您好"), ("4711", "周五")]),
        ("several in a row", "c:a b:wait c:b p:x p:y c:c p:z", [("a\nb", "x\ny"), ("c", "z")]),
        ("the last one unanswered", "c:a p:x c:b c:c", [("a", "x"), ("b\nc", "（这条消息没有得到答复。）")]),
        ("cut at its beginning", "p:x c:b p:y", [("", "x"), ("b", "y")]),
        ("nothing", "", []),
    ],
)
def test_what_was_said_becomes_questions_and_answers(case: str, said: str, exchanges: list[tuple[str, str]]) -> None:
    speakers = {"c": Speaker.CUSTOMER, "b": Speaker.BOT, "p": Speaker.PERSON}
    messages = [
        HandoffMessage(number=number, speaker=speakers[each[0]], text=each[2:], at="now")
        for number, each in enumerate(said.split(), start=1)
    ]
    assert [tuple(exchange) for exchange in exchanges_of(messages, "zh")] == exchanges


@pytest.mark.parametrize(
    "name", ["", "x", "0123456789abcdef", "0123456789abcdef.short", "0123456789abcdeg.session-1", "a.b.c"]
)
def test_what_is_no_name_of_a_handoff(name: str) -> None:
    assert names.of_handoff(name) is None


def test_signatures_are_those_of_standard_webhooks() -> None:
    other = f"whsec_{base64.b64encode(b'o' * 24).decode()}"
    body = '{"type":"handoff.opened","text":"转人工"}'.encode()
    headers = signed_headers(read_secrets(f"{other}\n{SECRET}\n"), "msg_1", int(time.time()), body)
    for secret in (SECRET, other):
        assert Verifier(secret).verify(body, headers)["type"] == "handoff.opened"


class Refusing:
    """A client that reaches nobody."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def post(self, url: str, *, headers: dict[str, str], **_: Any) -> Any:
        self.ids.append(headers["webhook-id"])
        raise ClientError("nobody there")


EVENT = HandoffEvent(
    type="handoff.message", timestamp="now", namespace="acme", chatbot="shop", handoff="h", session="session-1",
    message=HandoffMessage(number=3, speaker=Speaker.CUSTOMER, text="a very secret message", at="now"),
)  # fmt: skip


async def test_an_event_that_nobody_takes_is_given_up_counted_and_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    http = Refusing()
    lost: list[str] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    couriers = Couriers()
    target = HandoffWebhook(url="http://desk:1", secret_file=str(tmp_path / "secret"))
    webhook = Webhook(http, target, couriers, lost.append, sleep)  # type: ignore[arg-type]
    webhook.tell(EVENT)
    await couriers.close()
    assert (len(http.ids), len(set(http.ids)), tuple(slept)) == (1 + len(PAUSES), 1, PAUSES)
    assert lost == ["handoff.message"]
    [record] = [record for record in caplog.records if record.message == "webhook not delivered"]
    assert "secret" not in str(record.__dict__["fields"])


@pytest.mark.parametrize("content", [None, "", "whsec_c2hvcnQ="])
async def test_without_a_good_key_nothing_is_posted(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_text(content)
    http = Refusing()
    lost: list[str] = []

    async def sleep(seconds: float) -> None:
        """At once."""

    couriers = Couriers()
    target = HandoffWebhook(url="http://desk:1", secret_file=str(tmp_path / "secret"))
    Webhook(http, target, couriers, lost.append, sleep).tell(EVENT)  # type: ignore[arg-type]
    await couriers.close()
    assert (http.ids, lost) == ([], ["handoff.message"])


async def test_no_more_events_are_under_way_than_there_is_room_for() -> None:
    couriers, never = Couriers(at_once=2), asyncio.Event()

    async def wait() -> None:
        await never.wait()

    assert [couriers.go(wait) for _ in range(3)] == [True, True, False]
    await couriers.close(seconds=0.01)
    assert couriers.go(wait)
    await couriers.close(seconds=0.01)
