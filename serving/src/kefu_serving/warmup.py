"""The warm-up of a release: its constant prompt is read by the engine once, as soon as there is an engine."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from kefu_serving.clients.prefix import Read
from kefu_serving.errors import EngineUnavailable

FIRST_PAUSE = 0.1
PATIENCE = 1.03
LONGEST_PAUSE = 5.0
"""Seconds between looks for an engine that is not there yet, and how they grow: by 0.03 s for each second of waiting, so that
an engine which loads for three seconds is found before its first customer, and one that loads for minutes is left in peace."""

log = logging.getLogger(__name__)


class Prefix(Protocol):
    """The beginning of a release's prompts at its engine."""

    async def read(self, messages: Sequence[Mapping[str, str]]) -> Read:
        """Have it read; raises EngineUnavailable."""
        ...


class Warmup:
    """One warm-up. Turns that begin while the engine reads wait for its end, for beside it they would read the same again."""

    def __init__(
        self,
        prefix: Prefix,
        messages: Sequence[Mapping[str, str]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`messages`: the constant part of the release's prompts."""
        self._prefix = prefix
        self._messages = messages
        self._sleep = sleep
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Try until the engine has read it."""
        pause = FIRST_PAUSE
        while not await self._try():
            await self._sleep(pause)
            pause = min(PATIENCE * pause, LONGEST_PAUSE)

    async def wait(self) -> None:
        """While the engine reads; at once while there is no engine."""
        await self._idle.wait()

    async def _try(self) -> bool:
        began = time.perf_counter()
        self._idle.clear()
        try:
            read = await self._prefix.read(self._messages)
        except EngineUnavailable as error:
            log.debug("engine not warm", extra={"fields": {"reason": str(error)}})
            return False
        finally:
            self._idle.set()
        seconds = round(time.perf_counter() - began, 3)
        log.info("engine warm", extra={"fields": {**read._asdict(), "seconds": seconds}})
        return True
