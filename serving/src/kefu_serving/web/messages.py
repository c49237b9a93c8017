"""`GET /v1/chat/{session}/messages?after=N`: what a person says, for the customer's client, by the key that owns the conversation."""

import re
from urllib.parse import parse_qs

from kefu_api.codes import Code
from kefu_api.wire.handoff import ConversationMessages
from kefu_serving.errors import RequestError
from kefu_serving.variants.serving import Serving
from kefu_serving.web.asgi import Headers, Scope, Send, respond_json
from kefu_serving.web.desk import reached

_PATH = re.compile(r"/v1/chat/([A-Za-z0-9_-]{8,64})/messages")
_NUMBER = re.compile(r"[0-9]{1,9}")
MAX_QUERY = 64
"""Bytes."""


def session_of(path: str) -> str | None:
    """The session whose messages are at the path; None where it is another path."""
    found = _PATH.fullmatch(path)
    return found[1] if found else None


async def messages(scope: Scope, send: Send, session: str, key: str, serving: Serving, headers: Headers) -> None:
    """Serves the messages behind a number; of another key's conversation there are none, as of one that was never handed over.

    Raises RequestError: `after` is no number, or Redis is away.
    """
    after = _after(scope.get("query_string", b""))
    if serving.desk is None:
        found = ConversationMessages(session=session, with_person=False)
    else:
        found = await reached(serving.desk.handoffs.messages(key, session, after))
    content = found.model_dump_json(by_alias=True)
    await respond_json(send, 200, content, [*headers, (b"cache-control", b"no-store")])


def _after(query: bytes) -> int:
    given = parse_qs(query[:MAX_QUERY].decode("latin-1"), max_num_fields=4).get("after", ["0"])[0]
    if not _NUMBER.fullmatch(given):
        raise RequestError(Code.INVALID_REQUEST, "after: must be the number of the last message that you have, or 0")
    return int(given)
