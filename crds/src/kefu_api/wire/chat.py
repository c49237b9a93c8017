"""`POST /v1/chat` of the gateway: one turn, as JSON or as server-sent events.

With `stream: true` the events are, in order: one `start`, any number of `delta`, then exactly one of `done` or `error`.
Each event's `data` is one JSON object of the model named after it.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

MAX_MESSAGE = 4_000
"""Longest question, in characters."""


class ChatRequest(Model):
    """One customer message."""

    message: str
    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None
    """Continue this conversation; absent: a new one is begun and its id returned."""
    user: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """The customer's id at the shop; only its salted hash is ever logged."""
    stream: bool = False


class Outcome(StrEnum):
    """How the turn ended."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"
    """The knowledge holds no answer, and the bot says so (code V2003)."""
    UNAVAILABLE = "unavailable"
    """Something is down, and the bot says so (codes V2001, V4001, V4004, V5002)."""
    HANDED_OVER = "handedOver"
    """A person takes the conversation over from here, and the bot says so; `action` says why."""
    WITH_PERSON = "withPerson"
    """A person has the conversation: the message was passed on, and the bot is silent."""


class HandoffReason(StrEnum):
    """Why a conversation is handed to a person."""

    REQUESTED = "Requested"
    """The customer asked for one."""
    UNSURE = "Unsure"
    """The evidence has less confidence than the release wants."""


class HandoffAction(Model):
    """What the bot did beside answering: it gave the conversation to a person."""

    type: Literal["handoff"] = "handoff"
    reason: HandoffReason
    summary: str
    """What the conversation is about, in the customer's language, for whoever takes it over."""


class Citation(Model):
    """Evidence that the answer was built from."""

    number: int
    """As the answer writes it: `[1]`."""
    document: str
    title: str
    text: str


class ChatResponse(Model):
    """The whole turn: JSON answer, and data of the `done` event."""

    session: str
    turn: str
    answer: str
    outcome: Outcome
    code: str | None = None
    language: str
    citations: tuple[Citation, ...] = ()
    release: str
    index_version: str | None = None
    memory: bool = True
    """False when the session store was away and the turn was answered without memory."""
    receipt: str | None = None
    """By which `POST /v1/feedback` knows the answer; good for the API key that asked. None where the bot gave none."""
    action: HandoffAction | None = None
    """Only of a turn that handed the conversation over."""


class ChatStart(Model):
    """Data of the `start` event."""

    session: str
    turn: str
    release: str


class ChatDelta(Model):
    """Data of a `delta` event: the next piece of the answer's text."""

    text: str
