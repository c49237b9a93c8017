"""Asking a retrieval service as the gateway does."""

import json
import time
import urllib.request
from dataclasses import dataclass

from hack.stack.kube import Kube

from kefu_api.wire.search import SearchResponse
from tests.e2e.repeating import Repeating


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


class Reader(Repeating):
    """Searches for one thing and keeps every answer."""

    pause = 0.05

    def __init__(self, service: Service, query: str) -> None:
        super().__init__()
        self.seen: list[Seen] = []
        self._searched = (service, query)

    def turns(self) -> list[str]:
        """The versions that answered, in their order, each named once a turn."""
        names = [seen.version for seen in self.seen]
        return [name for before, name in zip(["", *names], names, strict=False) if name != before]

    def act(self) -> None:
        """Search."""
        found = search(*self._searched)
        text = found.hits[0].text if found.hits else ""
        self.seen.append(Seen(time.monotonic(), found.version, text))
