"""Asking a gateway as a customer's browser would."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Self

from kefu_api.wire.chat import ChatResponse


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


@dataclass
class Asker:
    """Asks one question again and again in the background and keeps every answer and every failure."""

    url: str
    key: str
    question: str
    answers: list[ChatResponse] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=180)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(ask(self.url, self.key, self.question))
            except OSError as error:
                self.failures.append(str(error))
            time.sleep(0.2)
