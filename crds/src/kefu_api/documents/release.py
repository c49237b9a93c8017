"""A release: everything a gateway needs to serve one chatbot in one way."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model


class EngineServer(Model):
    """An OpenAI-compatible server, or one of Azure."""

    url: str
    """Base URL without `/v1`, e.g. `http://engine-3f9c.acme.svc:8000`."""
    model: str
    """Name the server knows the model by."""
    api_key_file: str | None = None
    """Mounted file that holds the server's key."""
    azure_api_version: str | None = None
    """Of Azure OpenAI, whose routes name the model and whose key has a header of its own; None: any other server."""


class EngineTarget(EngineServer):
    """The server that answers a release, and those that stand in for it."""

    prefixes: Literal["Forgotten", "Cached", "Kept"] = "Forgotten"
    """What the engine does with the beginning of a prompt that it has read: Cached, it remembers it until it ends; Kept, it
    can also write it to a file and read it back (llama.cpp's slots)."""
    name: str = ""
    """Name of the engine, where Kefu runs it: what it is asked for is counted under it."""
    wakes: bool = False
    """Whether it may have no pods while nobody asks, so that a question is held until one is back."""
    fallbacks: tuple[EngineServer, ...] = ()
    """Asked in this order when those before cannot be reached or refuse."""


class KnowledgeTarget(Model):
    """A retrieval service."""

    name: str
    url: str
    token_file: str | None = None
    """Mounted file of the token that it asks for; followed as it is rotated."""
    version: str | None = None
    """The version that it is asked for; None: the one that is published."""


class Persona(Model):
    """Who the bot is."""

    name: str
    prompt: str
    greeting: str
    languages: tuple[str, ...]


class SessionStore(Model):
    """Where conversations are remembered."""

    url: str
    """`redis://host:port/0`, or `rediss://` for TLS."""
    username: str | None = None
    """None: the default user."""
    password_file: str | None = None
    """Mounted file of the password, read anew for each connection."""
    ca_file: str | None = None
    """Mounted file of the certificates to trust; None: the public ones."""
    ttl_seconds: int
    window: int
    """How many past turns the model sees."""


class Budget(Model):
    """What one answer may cost."""

    total_seconds: float
    tokens: int


class HandoffWebhook(Model):
    """Who is told of hand-offs."""

    url: str
    secret_file: str
    """Mounted file of the signing key, `whsec_` and base64; a second line holds the next or the last one (rotation)."""


class Handoff(Model):
    """When a conversation is handed to a person."""

    on_request: bool
    below: float | None = None
    """Confidence of the evidence under which a question is handed over; None: none is."""
    budget: float | None = None
    """Share of a day's conversations that `below` may hand over; None: all."""
    webhook: HandoffWebhook | None = None


class Release(Model):
    """One immutable release of a chatbot."""

    schema_version: Literal["v1"] = "v1"
    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Hash of all below, so that equal releases have equal names."""
    namespace: str
    chatbot: str
    engine: EngineTarget
    knowledge: tuple[KnowledgeTarget, ...]
    persona: Persona
    session: SessionStore
    budget: Budget
    handoff: Handoff | None = None
    """None: no conversation is ever handed over."""
