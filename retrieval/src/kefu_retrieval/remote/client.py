"""A client of one server: a session, patience while the server is busy, and some requests at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import aiohttp

from kefu_retrieval.errors import RetrievalError, TemporaryError

T = TypeVar("T")

AT_ONCE = 4
"""Requests in flight: a server that batches by itself is kept busy."""
LONGEST_WAIT = 30.0
"""Seconds; a server that asks for more patience (Retry-After) is asked again after this."""


class Remote:
    """A session, made when first needed, and the loops around its requests."""

    def __init__(self, timeout: float, attempts: int, backoff: float) -> None:
        """`timeout` in seconds a request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._attempts = attempts
        self._backoff = backoff
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one session."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def all_of(self, acts: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
        """What each act gives, in order; `AT_ONCE` are under way at a time, each with patience.

        Raises:
            RetrievalError: what the first failing one raises, the others ended.
        """
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(act: Callable[[], Awaitable[T]]) -> T:
            async with gate:
                return await self.patiently(act)

        try:
            async with asyncio.TaskGroup() as group:
                begun = [group.create_task(one(act)) for act in acts]
        except* RetrievalError as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in begun]

    async def patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        """`act`, again with back-off (jittered, or as long as the server asks for) while it raises a `TemporaryError`."""
        for attempt in range(1, self._attempts):
            try:
                return await act()
            except TemporaryError as error:
                pause = self._backoff * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
                await asyncio.sleep(min(LONGEST_WAIT, max(pause, error.wait or 0.0)))
        return await act()
