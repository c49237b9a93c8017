"""What embedders and rerankers behind HTTP have in common: one session, batches, some of them at once, and patience with a busy server."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import aiohttp
import numpy as np

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import EmbeddingUnreachable, RetrievalError, TemporaryError

T = TypeVar("T")

BATCH = 32
"""Texts of one request."""
AT_ONCE = 4
"""Requests in flight: a server that batches by itself is kept busy."""
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass."""
LONGEST_WAIT = 30.0
"""Seconds; a server that asks for more patience (Retry-After) is asked again after this."""


class Remote:
    """A session, made when first needed, and the loop around one request."""

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

    async def batches(
        self, texts: Sequence[str], dimension: int, act: Callable[[Sequence[str]], Awaitable[Vectors]]
    ) -> Vectors:
        """All of `texts` through `act`, `BATCH` at a time; rows in the order of the texts.

        Raises:
            RetrievalError: what `act` raises, the others ended.
        """
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(batch: Sequence[str]) -> Vectors:
            async with gate:
                return await self.patiently(lambda: act(batch))

        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(one(texts[start : start + BATCH])) for start in range(0, len(texts), BATCH)]
        except* RetrievalError as errors:
            raise errors.exceptions[0] from None
        return np.concatenate([part.result() for part in parts]) if parts else np.empty((0, dimension), np.float32)

    async def patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        """`act`, again with back-off (jittered, or as long as the server asks for) while it raises a `TemporaryError`."""
        for attempt in range(1, self._attempts):
            try:
                return await act()
            except TemporaryError as error:
                pause = self._backoff * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
                await asyncio.sleep(min(LONGEST_WAIT, max(pause, error.wait or 0.0)))
        return await act()


def busy(url: str, answer: aiohttp.ClientResponse, kind: type[TemporaryError] = EmbeddingUnreachable) -> TemporaryError:
    """What a status of `BUSY` becomes."""
    error = kind(f"{url} answers {answer.status}")
    with suppress(ValueError):  # absent, or a date
        error.wait = float(answer.headers.get("Retry-After", ""))
    return error


def authorization(key_file: str | None, failure: type[RetrievalError]) -> dict[str, str]:
    """The header with the key in a mounted file, read anew each time; none without a file.

    Raises:
        RetrievalError: `failure`, where the file cannot be read.
    """
    if key_file is None:
        return {}
    try:
        key = Path(key_file).read_text().strip()
    except OSError as error:
        raise failure(f"the key file {key_file} cannot be read") from error
    return {"Authorization": f"Bearer {key}"}
