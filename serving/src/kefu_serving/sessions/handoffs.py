"""Conversations that a person has, in Redis: one hash and one list a conversation, which every replica sees at once."""

import secrets
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from kefu_api.wire.handoff import (
    MAX_LISTED,
    MAX_MESSAGES,
    MAX_PAGE,
    ConversationMessages,
    HandoffDetail,
    HandoffList,
    HandoffMessage,
    Speaker,
)
from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions import form, names, scripts
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.sessions.form import Held
from kefu_serving.sessions.memory import Memory, exchanges_of
from kefu_serving.sessions.names import Conversation
from kefu_serving.sessions.tally import KEPT_SECONDS, Tally
from kefu_serving.sessions.writeback import exchanges_of as written_back

HELD_SECONDS = 86_400
"""How long a hand-off stays in which nobody says anything; then the bot answers again."""
MAX_OPEN = 1_000
"""Open hand-offs of a chatbot."""
RELEASES = 5
"""Tries to release a conversation while somebody speaks in it."""


class Refusal(StrEnum):
    """Why a conversation was not handed over."""

    ALREADY = "already"
    """Another turn was first."""
    FULL = "full"
    """There are `MAX_OPEN`."""
    SPENT = "spent"
    """The day's budget."""


class Recalled(NamedTuple):
    """A conversation as a turn finds it."""

    history: tuple[Exchange, ...]
    with_person: bool


class Handoffs:
    """The hand-offs of one chatbot, as one release sees them."""

    def __init__(
        self,
        memory: Memory,
        tally: Tally,
        clock: Callable[[], float] = time.time,
        most: int = MAX_OPEN,
    ) -> None:
        """Prepare.

        Args:
            memory: where a conversation goes on once it is released.
            tally: of the conversations that a budget is a share of.
            clock: seconds since 1970.
            most: open hand-offs.
        """
        self._memory = memory
        self._client = client = memory.client
        self._scope = memory.scope
        self._bounded = memory.bounded
        self._tally = tally
        self._clock = clock
        self._most = most
        self._open = client.register_script(scripts.OPEN)
        self._say = client.register_script(scripts.SAY)
        self._read = client.register_script(scripts.READ)
        self._release = client.register_script(scripts.RELEASE)
        self._forget = client.register_script(scripts.FORGET)

    async def recall(self, owner: str, session: str) -> Recalled:
        """What is remembered and who has the conversation, in one round trip. Raises SessionStoreAway."""
        of = names.conversation(owner, session)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hget(names.handoff(self._scope, of), "state")
        if self._memory.window:
            pipeline.lrange(names.history(self._scope, of), -self._memory.window, -1)
        state, *entries = await self._bounded(pipeline.execute())
        return Recalled(exchanges_of(entries[0]) if entries else (), state == b"open")

    async def open(self, detail: HandoffDetail, budget: float | None, *, counted: bool) -> HandoffDetail | Refusal:
        """Hand a conversation over: as it lies there, its messages numbered on from those of an earlier hand-off.

        Args:
            detail: with the question, and what the bot says to it, as messages.
            budget: share of the day's conversations; None: no limit.
            counted: whether this one counts against it.

        Raises:
            SessionStoreAway: it was not handed over.
        """
        arguments = [
            detail.handoff, *form.written(detail), int(self._clock() * 1_000), HELD_SECONDS, self._most, MAX_MESSAGES,
            "" if budget is None else budget, int(counted), KEPT_SECONDS, _token(),
            *(form.entry(message.speaker, message.text, message.at) for message in detail.messages),
        ]  # fmt: skip
        keys = [*self._keys(_known(detail.handoff)), *self._tally.keys()]
        done = await self._bounded(self._open(keys=keys, args=arguments))
        if done == Refusal.FULL.encode() and await self._forget_ended():
            done = await self._bounded(self._open(keys=keys, args=arguments))
        return _numbered(detail, done) if isinstance(done, int) else Refusal(form.text(done))

    async def pass_on(self, owner: str, session: str, text: str) -> HandoffMessage | None:
        """What the customer says to the person; None where none has the conversation. Raises SessionStoreAway."""
        return await self._add(names.conversation(owner, session), Speaker.CUSTOMER, text)

    async def answer(self, handoff: str, text: str) -> HandoffMessage | None:
        """What a person says to the customer; None where there is no such open hand-off. Raises SessionStoreAway."""
        of = names.of_handoff(handoff)
        return await self._add(of, Speaker.PERSON, text) if of else None

    async def messages(self, owner: str, session: str, after: int) -> ConversationMessages:
        """What was said since the hand-over, behind a number. Raises SessionStoreAway."""
        read = await self._look(names.conversation(owner, session), after, MAX_PAGE)
        if read is None:
            return ConversationMessages(session=session, with_person=False)
        return ConversationMessages(session=session, with_person=read.open, messages=read.messages)

    async def listed(self) -> HandoffList:
        """The open hand-offs, oldest first. Raises SessionStoreAway."""
        await self._forget_ended()
        pipeline = self._client.pipeline(transaction=False)
        pipeline.zcard(names.open_handoffs(self._scope))
        pipeline.zrange(names.open_handoffs(self._scope), 0, MAX_LISTED - 1)
        count, found = await self._bounded(pipeline.execute())
        found_cases = await self._fields([form.text(name) for name in found], "case")
        cases = tuple(form.case_of(each) for each in found_cases if each)
        return HandoffList(open=count, handoffs=cases)

    async def detail(self, handoff: str) -> HandoffDetail | None:
        """One hand-off, also when it was released. Raises SessionStoreAway."""
        of = names.of_handoff(handoff)
        read = await self._look(of, 0, MAX_MESSAGES) if of else None
        return read.detail() if read else None

    async def release(self, handoff: str) -> HandoffDetail | None:
        """Give the conversation back to the bot, which knows what was said; None where there is no such open hand-off.

        Raises SessionStoreAway, also when people went on talking meanwhile.
        """
        of = names.of_handoff(handoff)
        if of is None:
            return None
        for _ in range(RELEASES):
            read = await self._look(of, 0, MAX_MESSAGES)
            if read is None or not read.open:
                return None
            detail = read.detail()
            said = written_back(detail.messages, detail.language)[-self._memory.window :] if self._memory.window else ()
            arguments: list[str | int] = [
                handoff,
                read.said,
                self._memory.ttl_seconds,
                self._memory.window,
                _token(),
                *(exchange.to_json() for exchange in said),
            ]
            done = form.text(await self._bounded(self._release(keys=self._keys(of), args=arguments)))
            if done != "more":
                return detail if done == "released" else None
        raise SessionStoreAway("somebody spoke whenever the conversation was to be released")

    async def _add(self, of: Conversation, speaker: Speaker, text: str) -> HandoffMessage | None:
        now = self._clock()
        at = form.rfc3339(now)
        arguments: list[str | int] = [
            form.entry(speaker, text, at), HELD_SECONDS, MAX_MESSAGES, _token(), of.handoff, int(now * 1_000),
        ]  # fmt: skip
        number = await self._bounded(self._say(keys=self._keys(of), args=arguments))
        return HandoffMessage(number=number, speaker=speaker, text=text, at=at) if number else None

    async def _look(self, of: Conversation, after: int, most: int) -> Held | None:
        keys = [names.handoff(self._scope, of), names.messages(self._scope, of)]
        found = await self._bounded(self._read(keys=keys, args=(after, most)))
        return form.held(found) if found else None

    async def _forget_ended(self) -> int:
        """Take from the list what nobody spoke in for so long that it is gone; how many there were."""
        key = names.open_handoffs(self._scope)
        found: Sequence[Any] = await self._bounded(self._client.zrange(key, 0, -1))
        members = [form.text(name) for name in found]
        states = await self._fields(members, "state")
        ended = [name for name, state in zip(members, states, strict=True) if state != b"open"]
        if ended:
            states_of = [names.handoff(self._scope, _known(name)) for name in ended]
            await self._bounded(self._forget(keys=[key, *states_of], args=ended))
        return len(ended)

    async def _fields(self, handoffs: Sequence[str], field: str) -> list[Any]:
        if not handoffs:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for name in handoffs:
            pipeline.hget(names.handoff(self._scope, _known(name)), field)
        return list(await self._bounded(pipeline.execute()))

    def _keys(self, of: Conversation) -> list[str]:
        return [
            names.handoff(self._scope, of),
            names.messages(self._scope, of),
            names.history(self._scope, of),
            names.open_handoffs(self._scope),
        ]


def _numbered(detail: HandoffDetail, begun: int) -> HandoffDetail:
    messages = enumerate(detail.messages, start=begun + 1)
    told = tuple(message.model_copy(update={"number": number}) for number, message in messages)
    return detail.model_copy(update={"messages": told})


def _token() -> str:
    """By which Redis knows a script that is sent again since its answer was lost."""
    return secrets.token_hex(8)


def _known(handoff: str) -> Conversation:
    of = names.of_handoff(handoff)
    if of is None:
        raise SessionStoreAway("the session store holds something that is not a hand-off")
    return of
