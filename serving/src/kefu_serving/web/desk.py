"""`/v1/handoffs…`: conversations that wait for a person, by desk keys alone."""

import logging
import re
from collections.abc import Awaitable
from typing import TypeVar

from kefu_api.base import Model
from kefu_api.codes import Code
from kefu_api.wire.handoff import DeskMessage, MessageTaken, Released
from kefu_serving.desk import Desk
from kefu_serving.errors import RequestError, SessionStoreAway
from kefu_serving.logs import hashed
from kefu_serving.turn.validate import question_of
from kefu_serving.variants.serving import Serving
from kefu_serving.web.asgi import Headers, Receive, Scope, Send, respond_json
from kefu_serving.web.body import parse, read

PREFIX = "/v1/handoffs"
MAX_BODY = 32_768
"""Bytes: the longest message, escaped."""
_PATH = re.compile(rf"{PREFIX}(?:/(?P<handoff>[^/]{{1,128}})(?:/(?P<action>messages|release))?)?")

log = logging.getLogger(__name__)

T = TypeVar("T")


async def desk(
    scope: Scope, receive: Receive, send: Send, clerk: str, serving: Serving, salt: bytes, headers: Headers
) -> None:
    """Serves one request of a person's.

    Args:
        scope: its path begins with `PREFIX`.
        receive: the request's body.
        send: the response.
        clerk: name of the desk key.
        serving: the releases.
        salt: of hashed names in the log.
        headers: of the response.

    Raises:
        RequestError: there is no such hand-off, or Redis is away.
        ClientGone: the client hung up.
    """
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        raise RequestError(Code.INVALID_REQUEST, f"There is nothing at this path; ask `GET {PREFIX}`.", 404)
    handoff, action = found["handoff"], found["action"]
    method, allowed = scope["method"], "POST" if action else "GET"
    if method != allowed:
        raise RequestError(Code.INVALID_REQUEST, f"This path takes {allowed}, not {method[:16]}.", 405)
    if serving.desk is None:
        told = "No release that is served hands conversations over; set spec.handoff."
        raise RequestError(Code.INVALID_REQUEST, told, 404)
    if action == "messages":
        text = question_of(parse(await read(scope, receive, MAX_BODY), DeskMessage).text, field="text")
        answer = await _say(serving.desk, handoff, text)
    elif action == "release":
        await read(scope, receive, MAX_BODY)
        answer = await _release(serving.desk, handoff)
    elif handoff:
        answer = _there(await reached(serving.desk.handoffs.detail(handoff)), handoff)
    else:
        answer = await reached(serving.desk.handoffs.listed())
    if action:
        fields = {"action": action, "key": clerk, "handoff": hashed(handoff, salt)}
        log.info("desk", extra={"fields": fields})
    await respond_json(send, 200, answer.model_dump_json(by_alias=True), [*headers, (b"cache-control", b"no-store")])


async def reached(asked: Awaitable[T]) -> T:
    """What the session store answers; raises RequestError V5002 where it is away."""
    try:
        return await asked
    except SessionStoreAway as error:
        told = "Redis is away, which holds the conversations; try again in a moment."
        raise RequestError(Code.HANDOFF_UNAVAILABLE, told, 503) from error


async def _say(held: Desk, handoff: str, text: str) -> Model:
    message = await reached(held.handoffs.answer(handoff, text))
    return MessageTaken(number=_there(message, handoff).number)


async def _release(held: Desk, handoff: str) -> Model:
    detail = _there(await reached(held.handoffs.release(handoff)), handoff)
    held.teller.released(detail)
    return Released()


def _there(found: T | None, handoff: str) -> T:
    if found is None:
        told = f"There is no open hand-off {handoff[:128]!r}; look at `GET {PREFIX}`."
        raise RequestError(Code.INVALID_REQUEST, told, 404)
    return found
