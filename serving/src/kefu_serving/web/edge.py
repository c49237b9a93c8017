"""What every API request passes: a request id, and the key."""

import re
import secrets
from dataclasses import dataclass

from kefu_api.codes import Code
from kefu_serving.errors import RequestError
from kefu_serving.keys import KeyRing
from kefu_serving.turn.state import Channel
from kefu_serving.web.asgi import Scope, header

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, through which door, and within which trace."""

    key: str
    """Name of the API key."""
    channel: Channel
    request_id: str
    trace: dict[str, str]
    variant: str | None = None
    """The role of the release that is to answer, for trying a candidate before customers meet it."""


def request_id(scope: Scope) -> str:
    """The client's `X-Request-Id` if it is a plain one, else a new one."""
    given = header(scope, b"x-request-id")
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def authenticate(scope: Scope, keys: KeyRing) -> str:
    """The name of the caller's key. Raises RequestError V1001."""
    scheme, _, key = (header(scope, b"authorization") or b"").partition(b" ")
    name = keys.name_of(key.strip()) if scheme.lower() == b"bearer" and key.strip() else None
    if name is None:
        raise RequestError(Code.UNAUTHENTICATED, "No valid key; send it as `Authorization: Bearer KEY`.", 401)
    return name


def caller(scope: Scope, key: str, identity: str, channel: Channel) -> Caller:
    """The caller behind an authenticated request."""
    if channel is Channel.API and header(scope, b"x-kefu-channel") == b"web":
        channel = Channel.WEB
    trace = {
        name: value.decode("latin-1")
        for name in ("traceparent", "tracestate")
        if (value := header(scope, name.encode())) is not None
    }
    variant = header(scope, b"x-kefu-variant")
    return Caller(key, channel, identity, trace, variant.decode("latin-1") if variant else None)
