"""Stand-ins that enter stages through their constructors, and builders of plain values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from kefu_api.documents.release import Persona
from kefu_api.wire.search import Hit, SearchResponse
from kefu_serving.clients.engine import Usage
from kefu_serving.errors import EngineError, KnowledgeError, SessionStoreAway
from kefu_serving.metrics import Instruments, Metrics
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.tracing import Tracing
from kefu_serving.turn.state import Asked, Channel, Turn

PERSONA = Persona(name="小库", prompt="You serve Kuguo.", greeting="您好", languages=("zh", "en"))


class Recorder:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.begun = 0
        self.texts: list[str] = []

    async def begin(self, turn: Turn) -> None:
        self.begun += 1

    async def delta(self, text: str) -> None:
        self.texts.append(text)


class Store:
    """Sessions in memory; `away` makes it fail."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], list[Exchange]] = {}
        self.away = False

    async def load(self, owner: str, session: str) -> tuple[Exchange, ...]:
        if self.away:
            raise SessionStoreAway("away")
        return tuple(self.kept.get((owner, session), ()))

    async def append(self, owner: str, session: str, exchange: Exchange) -> None:
        if self.away:
            raise SessionStoreAway("away")
        self.kept.setdefault((owner, session), []).append(exchange)


class Target:
    """A knowledge target with one answer, or one fault."""

    def __init__(self, answer: SearchResponse | KnowledgeError, name: str = "shop") -> None:
        self.name = name
        self._answer = answer

    async def search(self, query: str, history: Sequence[str], headers: Mapping[str, str]) -> SearchResponse:
        self.asked = (query, tuple(history))
        if isinstance(self._answer, KnowledgeError):
            raise self._answer
        return self._answer


class Words:
    """A generation that says its pieces, then fails if it is to."""

    def __init__(self, pieces: Sequence[str], fault: EngineError | None) -> None:
        self._pieces = pieces
        self._fault = fault
        self.said = 0
        self.usage = Usage(100, len(pieces))

    async def __aiter__(self) -> AsyncIterator[str]:
        for piece in self._pieces:
            self.said += 1
            yield piece
        if self._fault:
            raise self._fault


class Engine:
    """An engine that answers every chat alike."""

    model = "qwen"

    def __init__(self, *pieces: str, fault: EngineError | None = None, unreachable: EngineError | None = None) -> None:
        self._pieces = pieces
        self._fault = fault
        self._unreachable = unreachable
        self.asked: list[Sequence[Mapping[str, str]]] = []
        self.words: Words | None = None
        self.left = False

    @asynccontextmanager
    async def generate(self, messages: Sequence[Mapping[str, str]], headers: Mapping[str, str]) -> AsyncIterator[Words]:
        self.asked.append(messages)
        if self._unreachable:
            raise self._unreachable
        self.words = Words(self._pieces, self._fault)
        try:
            yield self.words
        finally:
            self.left = True


def new_metrics() -> tuple[Metrics, CollectorRegistry]:
    """Metrics on a registry of their own."""
    registry = CollectorRegistry()
    return Metrics(Instruments(registry), "acme", "shop", "r1"), registry


def silent() -> Tracing:
    """Tracing that exports nothing."""
    return Tracing(None)


def turn(message: str = "Can I return it?", sink: Recorder | None = None, **changes: Any) -> Turn:
    """A turn at its beginning; fields of `Asked` go to the question, others to the turn."""
    asked = {name: changes.pop(name) for name in list(changes) if name in ("user", "history_of_client", "channel")}
    if "history_of_client" in asked:
        asked["history"] = asked.pop("history_of_client")
    question = Asked(**{"message": message, "channel": Channel.API, "owner": "web", **asked})
    values: dict[str, Any] = {"id": "t1", "session": "session-1", "question": message, **changes}
    return Turn(asked=question, sink=sink or Recorder(), **values)


def hit(number: int = 1, **changes: Any) -> Hit:
    """One piece of evidence."""
    values: dict[str, Any] = {
        "chunk": f"c{number}", "document": f"faq/topic-{number}.en", "title": f"Title {number}", "text": f"Fact {number}.",
        "language": "en", "score": 1.0, "confidence": 0.9,
    }  # fmt: skip
    return Hit(**{**values, **changes})


def found(*hits: Hit, index: str = "shop", version: str = "v1", answerable: bool = True) -> SearchResponse:
    """A search response."""
    confidence = max((h.confidence for h in hits), default=0.0)
    return SearchResponse(index=index, version=version, confidence=confidence, answerable=answerable, hits=hits)
