"""Where a subject takes questions and how they are put to it, and the questions as bytes on the wire."""

import json
from dataclasses import dataclass
from typing import Any

SESSIONS = 64
"""Conversations that a benchmark of `/v1/chat` goes on with in turns, so that memory is read and written."""
QUESTION = "Within how many days can I return an item?"
FIRST_WORD = b"Days 7"
"""The first piece of every mock answer: where the first token is in a response."""


@dataclass(frozen=True, slots=True)
class Target:
    """A path on a port of loopback, with the bodies that are sent to it in turns."""

    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    bodies: tuple[str, ...]

    def requests(self) -> list[bytes]:
        """The whole requests, HTTP/1.1 with keep-alive."""
        head = f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return [f"{head}content-length: {len(body.encode())}\r\n\r\n{body}".encode() for body in self.bodies]


def openai(port: int, model: str, *, stream: bool, key: str | None = None) -> Target:
    """A chat completion of one short question."""
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    return Target(port, "/v1/chat/completions", _headers(key), (json.dumps(body),))


def kefu(port: int, *, stream: bool, key: str) -> Target:
    """A turn in one of several conversations."""
    bodies = [{"message": QUESTION, "session": f"session-{n:04}", "stream": stream} for n in range(SESSIONS)]
    return Target(port, "/v1/chat", _headers(key), tuple(json.dumps(body) for body in bodies))


def _headers(key: str | None) -> tuple[tuple[str, str], ...]:
    kind = ("content-type", "application/json")
    return (kind, ("authorization", f"Bearer {key}")) if key else (kind,)
