"""The push document and the body of a push: sources that are told of changes instead of being fetched."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model
from kefu_api.documents.fetch import Limits

FILE = "push.json"


class PushSource(Model):
    """One source that takes pushes."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    secret_file: str
    """Mounted file of the shared secret, `whsec_` and base64; a second line holds the next or the last one (rotation)."""
    limits: Limits = Limits()


class Push(Model):
    """Everything that one push service takes."""

    namespace: str
    name: str
    sources: Annotated[tuple[PushSource, ...], Field(min_length=1, max_length=32)]


class PushedDocument(Model):
    """A document file that is to be there."""

    name: Annotated[str, Field(min_length=1, max_length=512)]
    """Relative path; its ending tells the format."""
    text: str | None = None
    base64: str | None = None
    """Exactly one of both."""


class Change(Model):
    """The body of a push: all of it comes into force at once, or none of it."""

    put: Annotated[tuple[PushedDocument, ...], Field(max_length=1_000)] = ()
    delete: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=512)], ...], Field(max_length=1_000)] = ()


class Holding(Model):
    """What a source holds."""

    digest: str
    """Of its newest snapshot."""
    files: int
    at: str
    """When it changed (RFC 3339)."""


class Holdings(Model):
    """What the push service tells in its log, as the newest line whenever something happened: the operator reads it there."""

    message: Literal["holding"] = "holding"
    sources: dict[str, Holding]


class Pushed(Model):
    """The answer to a push."""

    digest: str
    """Of the snapshot that holds now."""
    files: int
    received: int
    """Documents whose content was not there before."""
