"""Bringing an engine to have exactly the adapters that the document names, step by step."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import AdapterRefused, EngineAway
from kefu_operator.adapters.told import LINGER_SECONDS, State
from kefu_operator.fetch.errors import FetchError
from kefu_operator.status.reasons import Reason

RETRY_SECONDS = 60.0
"""Until what failed is tried again."""


class ElsewhereFailed(Exception):
    """Another pod of the engine's group cannot fetch the adapter; it tries again by itself."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotYet(Exception):
    """Other pods of the engine's group have not fetched the adapter."""

    def __init__(self, pods: Iterable[int]) -> None:
        self.pods = frozenset(pods)
        super().__init__(f"pods {', '.join(map(str, sorted(self.pods)))} of the group have not fetched it")


class Server(Protocol):
    """The engine, as far as adapters go."""

    async def loaded(self) -> frozenset[str]:
        """The adapters that it has."""
        ...

    async def load(self, name: str, path: str) -> None:
        """Load one."""
        ...

    async def unload(self, name: str) -> None:
        """Unload one."""
        ...


Fetch = Callable[[AdapterSource], Awaitable[str]]
"""Brings an adapter and gives its folder; raises FetchError."""


@dataclass(frozen=True)
class _Failure:
    reason: str
    message: str
    again: float


@dataclass
class Loader:
    """Remembers nothing that a restart could not find again: what is loaded, the engine tells; what is fetched, the disk."""

    fetch: Fetch
    engine: Server
    tell: Callable[[State], None]
    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, _Failure] = field(default_factory=dict)
    _waits: dict[str, frozenset[int]] = field(default_factory=dict)
    """For which other pods of its group an adapter waits."""
    _unnamed: dict[str, float] = field(default_factory=dict)
    """Since when an adapter that is loaded stands in the document no more."""

    async def step(self, wanted: Adapters) -> None:
        """Do what is to be done now, and tell how it is."""
        names = {each.name for each in wanted.adapters}
        self._failures = {name: failure for name, failure in self._failures.items() if name in names}
        self._waits = {name: pods for name, pods in self._waits.items() if name in names}
        loaded: frozenset[str] = frozenset()
        try:
            loaded = await self.engine.loaded()
            for each in wanted.adapters:
                if each.name not in loaded and self._is_due(each.name):
                    self._told(names, loaded)
                    loaded |= await self._bring(each)
            loaded -= await self._let_go(loaded - names)
        except EngineAway:
            pass  # It loads its model, or is started anew: the next step finds out.
        self._told(names, loaded)

    async def _bring(self, wanted: AdapterSource) -> frozenset[str]:
        self._waits.pop(wanted.name, None)
        try:
            await self.engine.load(wanted.name, wanted.path or await self.fetch(wanted))
        except NotYet as error:
            self._failures.pop(wanted.name, None)
            self._waits[wanted.name] = error.pods
        except ElsewhereFailed as error:
            self._failures[wanted.name] = _Failure(error.reason, str(error), self.clock())
        except FetchError as error:
            self._failures[wanted.name] = self._failure(error.reason, str(error))
        except AdapterRefused as error:
            remedy = "check that it was trained on this model, and its rank"
            self._failures[wanted.name] = self._failure(Reason.ADAPTER_REFUSED, f"{error}; {remedy}")
        else:
            self._failures.pop(wanted.name, None)
            return frozenset({wanted.name})
        return frozenset()

    async def _let_go(self, unnamed: frozenset[str]) -> frozenset[str]:
        now = self.clock()
        self._unnamed = {name: self._unnamed.get(name, now) for name in unnamed}
        old = frozenset(name for name, since in self._unnamed.items() if now - since >= LINGER_SECONDS)
        for name in old:
            await self.engine.unload(name)
        return old

    def _failure(self, reason: str, message: str) -> _Failure:
        return _Failure(reason, message, self.clock() + RETRY_SECONDS)

    def _is_due(self, name: str) -> bool:
        failure = self._failures.get(name)
        return failure is None or self.clock() >= failure.again

    def _told(self, names: set[str], loaded: frozenset[str]) -> None:
        failed = {name: (failure.reason, failure.message) for name, failure in self._failures.items()}
        waits = (pods for name, pods in self._waits.items() if name not in loaded)
        self.tell(State(frozenset(names & loaded), failed, frozenset[int]().union(*waits)))
