"""The endpoint embedder: any server that speaks OpenAI's `/v1/embeddings`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from kefu_api.documents.index import EndpointEmbedding
from kefu_retrieval.embeddings.protocol import MAX_CHARACTERS, Vectors
from kefu_retrieval.errors import EmbeddingFailed, EmbeddingUnreachable

BATCH = 32
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass."""


class EndpointEmbedder:
    """Sends batches, tries again with back-off, and checks what comes back."""

    def __init__(
        self, target: EndpointEmbedding, *, timeout: float = 30.0, attempts: int = 4, backoff: float = 0.5
    ) -> None:
        """`timeout` in seconds per request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._target = target
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._attempts = attempts
        self._backoff = backoff
        self._session: aiohttp.ClientSession | None = None

    @property
    def fingerprint(self) -> str:
        """Names the vector space: model and dimension, not the address."""
        return f"endpoint:{self._target.model}:{self._target.dimension}"

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._target.dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order."""
        parts = [await self._batch(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), dtype=np.float32)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(self._backoff * 2 ** (attempt - 1))
            try:
                return await self._once(texts)
            except EmbeddingUnreachable:
                if attempt == self._attempts - 1:
                    raise
        raise EmbeddingUnreachable(f"{self._target.url} was not tried")  # attempts < 1

    async def _once(self, texts: Sequence[str]) -> Vectors:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        url = f"{self._target.url.rstrip('/')}/v1/embeddings"
        body = {
            "model": self._target.model,
            "input": [text[:MAX_CHARACTERS] for text in texts],
            "encoding_format": "float",
        }
        try:
            async with self._session.post(url, json=body, headers=self._headers(), timeout=self._timeout) as answer:
                if answer.status in _BUSY:
                    raise EmbeddingUnreachable(f"{url} answers {answer.status}")
                if answer.status != 200:
                    raise EmbeddingFailed(f"{url} answers {answer.status}; check embedding.endpoint's model and key")
                return self._check(await answer.json(content_type=None), len(texts))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EmbeddingUnreachable(f"{url} does not answer: {type(error).__name__}") from error
        except ValueError as error:
            raise EmbeddingFailed(f"{url} answers something other than JSON") from error

    def _headers(self) -> dict[str, str]:
        if self._target.api_key_file is None:
            return {}
        try:
            key = Path(self._target.api_key_file).read_text().strip()
        except OSError as error:
            raise EmbeddingFailed(f"the key file {self._target.api_key_file} cannot be read") from error
        return {"Authorization": f"Bearer {key}"}

    def _check(self, answer: Any, count: int) -> Vectors:
        """The vectors of `answer` in the order of the texts, as unit vectors."""
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (TypeError, KeyError, ValueError) as error:
            raise EmbeddingFailed("the endpoint's answer is not a list of embeddings") from error
        if vectors.shape != (count, self.dimension):
            shape = "x".join(str(side) for side in vectors.shape)
            raise EmbeddingFailed(
                f"the endpoint gives {shape} numbers where {count}x{self.dimension} were expected;"
                " correct embedding.endpoint.dimension"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(norms)) or np.any(norms == 0):
            raise EmbeddingFailed("the endpoint gives a vector that is zero or not finite")
        unit: Vectors = vectors / norms
        return unit
