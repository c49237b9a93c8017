"""What a turn knows so far: stages read it, add to it, and speak to the customer through it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from kefu_api.codes import Code
from kefu_api.wire.chat import Citation, HandoffAction, Outcome
from kefu_api.wire.search import Hit
from kefu_serving.sessions.exchange import Exchange

Variant = Literal["stable", "candidate", "shadow"]


class Channel(StrEnum):
    """Where the question came from."""

    API = "api"
    WEB = "web"
    OPENAI = "openai"


class Verdict(StrEnum):
    """What the evidence allows."""

    ANSWER = "answer"
    SAY_UNKNOWN = "say-unknown"
    SAY_UNAVAILABLE = "say-unavailable"


class Sink(Protocol):
    """The customer's end of the turn."""

    async def begin(self, turn: "Turn") -> None:
        """The question was accepted; ids are known."""
        ...

    async def delta(self, text: str) -> None:
        """The next piece of the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the edge received it, and by whom."""

    message: str
    channel: Channel
    owner: str
    """Name of the API key."""
    session: str | None = None
    new_session: bool = False
    """Whether the session's id was made for this turn."""
    user: str | None = None
    history: tuple[Exchange, ...] | None = None
    """The conversation so far, when the client keeps it itself (OpenAI API)."""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Trace context of the request."""
    variant: Variant = "stable"
    """What the release that answers is among those that are served."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the knowledge says."""

    hits: tuple[Hit, ...]
    """Best first."""
    confidence: float
    answerable: bool
    version: str | None


@dataclass(slots=True)
class Turn:
    """One turn under way."""

    asked: Asked
    sink: Sink
    id: str
    session: str
    new_session: bool = False
    started: float = field(default_factory=time.perf_counter)
    question: str = ""
    language: str = "en"
    history: tuple[Exchange, ...] = ()
    memory: bool = True
    with_person: bool = False
    """Whether a person has the conversation."""
    over: bool = False
    """Whether no further stage is walked: the turn is a person's."""
    action: HandoffAction | None = None
    held: bool = False
    """Whether it waited for an engine without pods."""
    waiting: bool = False
    """Whether it still does."""
    evidence: Evidence | None = None
    verdict: Verdict = Verdict.ANSWER
    answer: str = ""
    outcome: Outcome | None = None
    code: Code | None = None
    citations: tuple[Citation, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token: float | None = None
    """Seconds from the start to the first piece of text."""

    async def say(self, text: str) -> None:
        """Sends a piece of the answer to the customer."""
        if self.first_token is None:
            self.first_token = time.perf_counter() - self.started
        self.answer += text
        await self.sink.delta(text)

    def end(self, outcome: Outcome, code: Code | None = None) -> None:
        """Settles how the turn ended."""
        self.outcome = outcome
        self.code = code
