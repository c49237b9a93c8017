"""An engine that may have no pods: turns are held until one is back, and whoever scales it is told that it is needed.

An engine without pods tells nothing, so the gateway does it in its place: how many turns it holds, and when it was asked last.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout

from kefu_api.documents.release import EngineTarget
from kefu_serving.metrics import Instruments

PAUSE = 0.3
"""Seconds between looks whether the engine is back."""
LOOK_SECONDS = 2.0
"""Longest wait for one look: where nothing listens, some networks answer nothing at all."""


class Demand:
    """What one chatbot demands of its engine, as Prometheus sees it."""

    def __init__(self, instruments: Instruments, namespace: str, chatbot: str, engine: str) -> None:
        labels = (namespace, chatbot, engine)
        self._held = instruments.engine_held.labels(*labels)
        self._asked = instruments.engine_asked.labels(*labels)
        self._waits = instruments.engine_waits.labels(*labels)

    def asked(self) -> None:
        """A turn needs the engine."""
        self._asked.set_to_current_time()

    @contextmanager
    def held(self) -> Iterator[None]:
        """A turn waits for the engine to be there."""
        self._waits.inc()
        with self._held.track_inprogress():
            yield


class Waking:
    """One engine of ours."""

    def __init__(
        self,
        http: ClientSession,
        target: EngineTarget,
        demand: Demand,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.waits = target.wakes
        self._http = http
        self._url = f"{target.url.rstrip('/')}/health"
        self._demand = demand
        self._sleep = sleep

    def asked(self) -> None:
        """A turn needs the engine."""
        self._demand.asked()

    async def until_back(self) -> None:
        """Hold a turn until the engine says that it is there; whoever waits sets the limit."""
        with self._demand.held():
            await self._sleep(PAUSE)
            while not await self._is_there():
                await self._sleep(PAUSE)

    async def _is_there(self) -> bool:
        try:
            async with self._http.get(self._url, timeout=ClientTimeout(total=LOOK_SECONDS)) as response:
                return response.status == 200
        except (ClientError, OSError):  # OSError includes the time-out.
            return False
