"""Requests to an API server over one connection a thread, as the user of a kubeconfig."""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kefu_operator.client.way import by_kubeconfig

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_TIMEOUT_SECONDS = 120
_PATIENT_SECONDS = 0.2


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201)

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Connection:
    """Opened at the first request, and anew where the server has closed it."""

    def __init__(self, kubeconfig: Path) -> None:
        way = by_kubeconfig(kubeconfig)
        assert way is not None, f"{kubeconfig} has neither token nor certificate"
        self._context = way.context
        address = urlsplit(way.server)
        assert address.hostname is not None
        self._address = address.hostname, address.port
        self._open = threading.local()

    def close(self) -> None:
        """Close this thread's."""
        if kept := getattr(self._open, "connection", None):
            kept.close()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        """Send one request with a JSON body, again while the server asks for patience."""
        end = time.monotonic() + _TIMEOUT_SECONDS
        while True:
            answer = self._once(method, path, body, {"Content-Type": content_type, "Accept": accept})
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS or time.monotonic() > end:
                return answer
            time.sleep(_PATIENT_SECONDS)

    def _once(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        if kept := getattr(self._open, "connection", None):
            try:
                return self._send(kept, method, path, content, headers)
            except (ConnectionError, http.client.HTTPException):
                # It was closed while nobody asked.
                kept.close()
        host, port = self._address
        fresh = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=self._context)
        self._open.connection = fresh
        return self._send(fresh, method, path, content, headers)

    @staticmethod
    def _send(
        connection: http.client.HTTPSConnection, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read()
        return Answer(answer.status, json.loads(text) if text else {})
