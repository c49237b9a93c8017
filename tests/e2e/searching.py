"""Asking a retrieval service as the gateway does."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Self

from hack.stack.kube import Kube

from kefu_api.wire.search import SearchResponse


@dataclass(frozen=True)
class Service:
    """A retrieval service, and the token that it asks for."""

    url: str
    token: str


def service_of(kube: Kube, index: str, namespace: str) -> Service:
    """That of an index, by cluster IP."""
    spec = kube.get("service", f"{index}-retrieval", namespace)["spec"]
    url = f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"
    return Service(url, kube.secret(f"{index}-token", "key", namespace))


def search(service: Service, query: str, timeout: float = 30) -> SearchResponse:
    """One question.

    Raises:
        OSError: the service did not answer, or with an error status.
    """
    request = urllib.request.Request(
        f"{service.url}/v1/search",
        data=json.dumps({"query": query, "topK": 1}).encode(),
        headers={"Content-Type": "application/json", "Kefu-Token": service.token},
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return SearchResponse.model_validate_json(response.read())


@dataclass(frozen=True)
class Seen:
    """One answer and when it was there."""

    at: float
    """By `time.monotonic()`."""
    version: str
    text: str
    """Of the best hit; empty where there was none."""


@dataclass
class Reader:
    """Searches again and again in the background and keeps every answer and every failure."""

    service: Service
    query: str
    seen: list[Seen] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def turns(self) -> list[str]:
        """The versions that answered, in their order, each named once a turn."""
        names = [seen.version for seen in self.seen]
        return [name for before, name in zip(["", *names], names, strict=False) if name != before]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                found = search(self.service, self.query)
                text = found.hits[0].text if found.hits else ""
                self.seen.append(Seen(time.monotonic(), found.version, text))
            except OSError as error:
                self.failures.append(str(error))
            time.sleep(0.05)
