"""Giving a conversation to a person, and being silent in it until it is released."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from kefu_api.codes import Code
from kefu_api.wire.chat import HandoffAction, HandoffReason, Outcome
from kefu_api.wire.handoff import HandoffDetail, HandoffMessage, Said, Speaker
from kefu_serving.errors import SessionStoreAway
from kefu_serving.metrics import Metrics
from kefu_serving.prompt.sentences import sentences
from kefu_serving.sessions import names
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.form import rfc3339
from kefu_serving.sessions.handoffs import Recalled, Refusal
from kefu_serving.turn.requests import asks_for_person, is_courtesy
from kefu_serving.turn.state import Channel, Turn, Verdict
from kefu_serving.turn.summary import summary_of

log = logging.getLogger(__name__)


class Desk(Protocol):
    """Where people take conversations over. All methods raise SessionStoreAway."""

    async def recall(self, owner: str, session: str) -> Recalled:
        """What is remembered, and whether a person has the conversation."""
        ...

    async def open(self, detail: HandoffDetail, budget: float | None, *, counted: bool) -> HandoffDetail | Refusal:
        """Hand a conversation over."""
        ...

    async def pass_on(self, owner: str, session: str, text: str) -> HandoffMessage | None:
        """What the customer says to the person; None where none has the conversation."""
        ...


class Teller(Protocol):
    """Who is told beside the desk; never waits."""

    def opened(self, detail: HandoffDetail) -> None:
        """A conversation was handed over."""
        ...

    def said(self, owner: str, session: str, message: HandoffMessage) -> None:
        """Its customer went on."""
        ...


@dataclass(frozen=True, slots=True)
class Handover:
    """The one place that hands conversations over, and passes on what is said in them."""

    desk: Desk
    tell: Teller
    metrics: Metrics
    budget: float | None
    """Share of a day's conversations that may be handed over for want of confidence; None: all."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""

    async def give(self, turn: Turn, reason: HandoffReason) -> bool:
        """Whether the turn is over: the conversation was handed over, or a person had it already."""
        if not keeps_conversation(turn):
            # Nobody could answer in it. A shadow tells what it would have done, for it is judged by that.
            if turn.asked.variant == "shadow" and turn.asked.channel is not Channel.OPENAI:
                self._end(turn)
            return turn.over
        if not turn.memory:
            self.metrics.handoff_withheld("away")
            return False
        sentence = sentences(turn.language).handed_over
        try:
            counted = reason is HandoffReason.UNSURE
            opened = await self.desk.open(self._detail(turn, reason, sentence), self.budget, counted=counted)
        except SessionStoreAway as error:
            self._away(turn, error)
            self.metrics.handoff_withheld("away")
            return False
        if opened is Refusal.ALREADY:
            return await self.pass_on(turn)
        if isinstance(opened, Refusal):
            self.metrics.handoff_withheld("full" if opened is Refusal.FULL else "budget")
            return False
        self.metrics.handoff(reason)
        self.tell.opened(opened)
        turn.action = HandoffAction(reason=reason, summary=opened.summary)
        await turn.say(sentence)
        self._end(turn)
        return True

    async def pass_on(self, turn: Turn) -> bool:
        """Whether the turn is over: its person has the message, or the customer knows that he has not."""
        owner, session = turn.asked.owner, turn.session
        try:
            message = await self.desk.pass_on(owner, session, turn.question)
            if message is None:
                # Released since the turn began: what the person said is in the history now.
                turn.with_person = False
                turn.history = (await self.desk.recall(owner, session)).history
                return False
        except SessionStoreAway as error:
            self._away(turn, error)
            await turn.say(sentences(turn.language).not_passed_on)
            turn.end(Outcome.UNAVAILABLE, Code.HANDOFF_UNAVAILABLE)
        else:
            self.tell.said(owner, session, message)
            turn.end(Outcome.WITH_PERSON)
        turn.over = True
        return True

    def _end(self, turn: Turn) -> None:
        turn.end(Outcome.HANDED_OVER)
        turn.over = True

    def _detail(self, turn: Turn, reason: HandoffReason, sentence: str) -> HandoffDetail:
        at = rfc3339(self.clock())
        return HandoffDetail(
            handoff=names.conversation(turn.asked.owner, turn.session).handoff,
            session=turn.session,
            key=turn.asked.owner,
            reason=reason,
            summary=summary_of(turn, reason),
            language=turn.language,
            release=self.metrics.release,
            since=at,
            open=True,
            earlier=tuple(_said(turn.history)),
            messages=(
                HandoffMessage(number=1, speaker=Speaker.CUSTOMER, text=turn.question, at=at),
                HandoffMessage(number=2, speaker=Speaker.BOT, text=sentence, at=at),
            ),
        )

    def _away(self, turn: Turn, error: SessionStoreAway) -> None:
        turn.memory = False
        self.metrics.session_error("handoff")
        log.warning("not handed over", extra={"fields": {"turn": turn.id, "reason": str(error)}})


class Yield:
    """Leaves the turn to a person who has the conversation, and the conversation to a person whom the customer asks for."""

    def __init__(self, handover: Handover, *, gives: bool) -> None:
        """`gives`: whether the release hands over on request."""
        self._handover = handover
        self._gives = gives

    async def run(self, turn: Turn) -> None:
        """Ends the turn, or lets it go on."""
        if turn.with_person and await self._handover.pass_on(turn):
            return
        if not self._gives or not asks_for_person(turn.question):
            return
        if await self._handover.give(turn, HandoffReason.REQUESTED) or not keeps_conversation(turn):
            return
        await turn.say(sentences(turn.language).person_away)
        turn.end(Outcome.UNAVAILABLE, Code.HANDOFF_UNAVAILABLE)
        turn.over = True


class Doubt:
    """Hands a question over whose evidence is not sure enough."""

    def __init__(self, handover: Handover, below: float) -> None:
        self._handover = handover
        self._below = below

    async def run(self, turn: Turn) -> None:
        """Ends the turn, or lets it go on to be answered or declined."""
        evidence = turn.evidence
        if turn.verdict is Verdict.SAY_UNAVAILABLE or evidence is None or evidence.confidence >= self._below:
            return
        if not is_courtesy(turn.question):
            await self._handover.give(turn, HandoffReason.UNSURE)


def keeps_conversation(turn: Turn) -> bool:
    """Whether the conversation is kept here, so that a person can answer in it; not by the client, nor by nobody (a shadow)."""
    return turn.asked.history is None


def _said(history: Iterable[Exchange]) -> Iterable[Said]:
    for exchange in history:
        if exchange.question:
            yield Said(speaker=Speaker.CUSTOMER, text=exchange.question)
        yield Said(speaker=Speaker.BOT, text=exchange.answer)
