"""Asking a gateway: one question out, a stream of events back. Standard library only, so that `kefu chat` starts at once."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from kefu_api.wire.chat import ChatDelta, ChatRequest, ChatResponse, ChatStart
from kefu_api.wire.search import Problem
from kefu_operator.cli.errors import AskFailed, Unreachable

TIMEOUT = 180.0
"""Seconds of silence after which the gateway counts as gone; answers have a budget of their own."""

Event = ChatStart | ChatDelta | ChatResponse
_EVENTS: dict[str, type[ChatStart] | type[ChatDelta] | type[ChatResponse]] = {
    "start": ChatStart,
    "delta": ChatDelta,
    "done": ChatResponse,
}


@dataclass(frozen=True)
class Gateway:
    """A chatbot's gateway."""

    url: str
    """Base URL."""
    key: str
    timeout: float = TIMEOUT

    def ask(self, message: str, session: str | None = None) -> Iterator[Event]:
        """One turn, as it streams: a start, deltas, and the whole turn at the end.

        Raises:
            AskFailed: the gateway refused the question or broke off; the text carries its code and advice.
            Unreachable: there is no gateway at the URL.
        """
        body = ChatRequest(message=message, session=session, stream=True).to_json()
        try:
            with closing(self._connection()) as connection:
                connection.request("POST", self._path(), body.encode(), self._headers())
                response = connection.getresponse()
                if response.status != http.client.OK:
                    raise AskFailed(_problem(response.read(65_536), response.status))
                yield from _turn(response)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"no gateway answers at {self.url} ({error}): is it running? See `kefu status`"
            ) from error

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"{self.url!r} is no URL of a gateway: give one such as http://127.0.0.1:8080")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname, parts.port, timeout=self.timeout)

    def _path(self) -> str:
        return f"{urlsplit(self.url).path.rstrip('/')}/v1/chat"

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
        }


def _turn(lines: http.client.HTTPResponse) -> Iterator[Event]:
    for name, data in _server_sent(lines):
        if name == "error":
            raise AskFailed(_problem(data))
        if name in _EVENTS:
            yield _parsed(name, data)
        if name == "done":
            return
    raise AskFailed("the gateway broke off before the answer was complete: ask again")


def _server_sent(lines: http.client.HTTPResponse) -> Iterator[tuple[str, bytes]]:
    """Name and data of each server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    name, data = "", b""
    for line in lines:
        field, _, value = line.rstrip(b"\r\n").partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            data += value
        elif not field and not value and name:
            yield name, data
            name, data = "", b""


def _parsed(name: str, data: bytes) -> Event:
    try:
        return _EVENTS[name].model_validate_json(data)
    except ValidationError as error:
        raise AskFailed(f"the gateway's {name} event cannot be read: is it of another version?") from error


def _problem(body: bytes, status: int | None = None) -> str:
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return f"the server answered with HTTP {status}: is it a Kefu gateway?"
    return f"{problem.message} ({problem.code})"


def as_json(turn: ChatResponse) -> str:
    """The whole turn for `--output json`."""
    value: dict[str, Any] = turn.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(value, ensure_ascii=False, indent=2)
