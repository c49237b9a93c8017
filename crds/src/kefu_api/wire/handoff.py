"""Conversations that a person has: what people at the desk, the customer's client and a webhook are told.

`GET /v1/handoffs`, `GET /v1/handoffs/{handoff}`, `POST /v1/handoffs/{handoff}/messages` and `…/release` take a desk key;
`GET /v1/chat/{session}/messages?after=N` takes the API key that the conversation belongs to.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model
from kefu_api.wire.chat import MAX_MESSAGE, HandoffReason

MAX_LISTED = 100
"""Hand-offs in one list."""
MAX_MESSAGES = 200
"""Messages of one hand-off that are kept: the newest."""
MAX_PAGE = 50
"""Messages in one answer to the customer's client."""


class Speaker(StrEnum):
    """Whose words a message holds."""

    CUSTOMER = "customer"
    BOT = "bot"
    PERSON = "person"


class HandoffMessage(Model):
    """One message since the conversation was handed over, its question included."""

    number: int
    """Counts from 1, without gaps, also over several hand-offs of one conversation."""
    speaker: Speaker
    text: str
    at: str
    """When (RFC 3339, UTC)."""


class Said(Model):
    """What was said before the hand-over."""

    speaker: Speaker
    text: str


class HandoffCase(Model):
    """What a person is told first."""

    handoff: str
    """Its id."""
    session: str
    key: str
    """Name of the API key that the conversation belongs to."""
    reason: HandoffReason
    summary: str
    language: str
    release: str
    """Which release handed it over."""
    since: str
    """When (RFC 3339, UTC)."""


class HandoffList(Model):
    """`GET /v1/handoffs`: those that wait for a person or have one, oldest first, at most `MAX_LISTED`."""

    open: int
    """How many there are."""
    handoffs: tuple[HandoffCase, ...]


class HandoffDetail(HandoffCase):
    """`GET /v1/handoffs/{handoff}`."""

    open: bool
    """False: it was released."""
    earlier: tuple[Said, ...] = ()
    """What customer and bot had said before, oldest first, within the release's window."""
    messages: tuple[HandoffMessage, ...] = ()
    """Since then, oldest first, at most `MAX_MESSAGES`."""


class DeskMessage(Model):
    """`POST /v1/handoffs/{handoff}/messages`: what a person says to the customer."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE)]


class MessageTaken(Model):
    """The answer to it."""

    number: int


class Released(Model):
    """The answer to `POST /v1/handoffs/{handoff}/release`."""

    released: bool = True


class ConversationMessages(Model):
    """`GET /v1/chat/{session}/messages?after=N`: at most `MAX_PAGE` messages with a higher number than N, oldest first."""

    session: str
    with_person: bool
    """Whether a person has the conversation now; False: the bot answers."""
    messages: tuple[HandoffMessage, ...] = ()


EventType = Literal["handoff.opened", "handoff.message", "handoff.released"]


class HandoffEvent(Model):
    """What a webhook is posted; at least once, in no sure order."""

    type: EventType
    timestamp: str
    """When it happened (RFC 3339, UTC)."""
    namespace: str
    chatbot: str
    handoff: str
    session: str
    detail: HandoffDetail | None = None
    """Of `handoff.opened`."""
    message: HandoffMessage | None = None
    """Of `handoff.message`: the customer's."""
