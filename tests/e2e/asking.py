"""Asking a gateway as a customer's browser would."""

import json
import urllib.request
from typing import Any

from kefu_api.wire.chat import ChatResponse
from tests.e2e.repeating import Repeating


def ask(url: str, key: str, question: str, timeout: float = 120, session: str | None = None) -> ChatResponse:
    """One question, one JSON answer; without a session a conversation begins.

    Raises:
        OSError: the gateway did not answer, or with an error status.
    """
    asked = {"message": question, **({"session": session} if session else {})}
    return ChatResponse.model_validate(call(f"{url}/v1/chat", key, asked, timeout))


def call(url: str, key: str, body: object = None, timeout: float = 30) -> Any:
    """What the gateway answers, as JSON; without a body it is asked by GET.

    Raises:
        OSError: the gateway did not answer, or with an error status.
    """
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=timeout) as response:
        return json.load(response)


class Asker(Repeating):
    """Asks one question and keeps every answer."""

    pause = 0.2

    def __init__(self, url: str, key: str, question: str) -> None:
        super().__init__()
        self.answers: list[ChatResponse] = []
        self._asked = (url, key, question)

    def act(self) -> None:
        """Ask."""
        self.answers.append(ask(*self._asked))
