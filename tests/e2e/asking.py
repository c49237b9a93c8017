"""Asking a gateway as a customer's browser would."""

import json
import urllib.request

from kefu_api.wire.chat import ChatResponse
from tests.e2e.repeating import Repeating


def ask(url: str, key: str, question: str, timeout: float = 120) -> ChatResponse:
    """One question, one JSON answer.

    Raises:
        OSError: the gateway did not answer, or with an error status.
    """
    request = urllib.request.Request(
        f"{url}/v1/chat",
        data=json.dumps({"message": question}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return ChatResponse.model_validate_json(response.read())


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
