"""Reading a request's body within a bound, as UTF-8, as JSON, as a wire model: each failure names its code and remedy."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from kefu_api.codes import Code
from kefu_serving.errors import RequestError
from kefu_serving.web.asgi import Receive, Scope, header

MAX_BODY = 65_536
"""Largest body, in bytes: the longest question four times over, and a conversation besides."""
MAX_DISCARDED = 1_048_576
"""Largest body, in bytes, that is read to its end only to be refused politely."""

M = TypeVar("M", bound=BaseModel)


class ClientGone(Exception):
    """The client hung up before its request was read."""


async def read(scope: Scope, receive: Receive, limit: int = MAX_BODY) -> bytes:
    """The whole body. Raises RequestError V1006 when it is too large, ClientGone.

    What exceeds the limit is thrown away as it comes, up to `MAX_DISCARDED`: a client that is cut off while it still
    writes would see a broken connection instead of the answer that says why.
    """
    declared = header(scope, b"content-length")
    if declared and declared.isdigit() and int(declared) > MAX_DISCARDED:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        last = not message.get("more_body")
        if size > MAX_DISCARDED or (last and size > limit):
            raise _too_large(limit)
        if last:
            return b"".join(parts)


def parse(body: bytes, model: type[M]) -> M:
    """The body as a model. Raises RequestError: V1005 when not UTF-8, V1002 otherwise, naming the field."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise RequestError(
            Code.NOT_TEXT, f"The body is not UTF-8 (byte {error.start}); encode it as UTF-8 JSON."
        ) from error
    try:
        return model.model_validate(_json(text), by_alias=True, by_name=False)
    except ValidationError as error:
        raise RequestError(Code.INVALID_REQUEST, _faults(error)) from error


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(Code.INVALID_REQUEST, f"The body is not JSON: {error}.") from error


def _faults(error: ValidationError) -> str:
    """Each fault with its field, what is wrong and what is allowed; never the value itself."""
    faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {_plain(e['type'], e['msg'])}" for e in error.errors()[:5]]
    return "; ".join(faults)


def _plain(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown field; leave it out"
    if kind == "missing":
        return "required field is missing"
    return message[:1].lower() + message[1:]


def _too_large(limit: int) -> RequestError:
    return RequestError(Code.TOO_LARGE, f"The body is larger than {limit} bytes; send a smaller one.", 413)
