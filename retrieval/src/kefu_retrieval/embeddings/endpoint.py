"""The endpoint embedder: any server that speaks OpenAI's `/v1/embeddings`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kefu_api.documents.index import EndpointEmbedding
from kefu_retrieval.embeddings.batches import batches
from kefu_retrieval.embeddings.checking import unit
from kefu_retrieval.embeddings.protocol import MAX_CHARACTERS, Vectors
from kefu_retrieval.errors import EmbeddingFailed, EmbeddingUnreachable
from kefu_retrieval.remote.client import Remote
from kefu_retrieval.remote.posting import Failures, post

FIELD = "embedding.endpoint"
SHORTEST = 200
"""Characters; a text this short is not too long for any model, so that the refusal has another reason."""


class _Refused(EmbeddingFailed):
    """The server says that this request is wrong; a shorter one may not be."""


_FAILURES = Failures(FIELD, EmbeddingUnreachable, EmbeddingFailed, too_much=_Refused)


class EndpointEmbedder:
    """Sends batches, tries again with back-off, shortens what is too long, and checks what comes back."""

    def __init__(
        self, target: EndpointEmbedding, *, timeout: float = 30.0, attempts: int = 4, backoff: float = 0.5
    ) -> None:
        """`timeout` in seconds per request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._target = target
        self._remote = Remote(timeout, attempts, backoff)

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
        return await batches(self._remote, [text[:MAX_CHARACTERS] for text in texts], self.dimension, self._fitting)

    async def close(self) -> None:
        """Close the connections."""
        await self._remote.close()

    async def _fitting(self, texts: Sequence[str]) -> Vectors:
        """As one request; where the server refuses it, one text a request; and where it refuses that, half of the text."""
        try:
            return await self._once(texts)
        except _Refused:
            if len(texts) == 1 and len(texts[0]) <= SHORTEST:
                raise
        if len(texts) == 1:
            return await self._fitting([texts[0][: len(texts[0]) // 2]])
        return np.concatenate([await self._fitting([text]) for text in texts])

    async def _once(self, texts: Sequence[str]) -> Vectors:
        url = f"{self._target.url.rstrip('/')}/v1/embeddings"
        body = {"model": self._target.model, "input": list(texts), "encoding_format": "float"}
        answer = await post(self._remote, url, body, self._target.api_key_file, _FAILURES)
        return unit(_vectors(answer), len(texts), self.dimension, FIELD)


def _vectors(answer: Any) -> Vectors:
    """The vectors of `answer` in the order of the texts."""
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        return np.array([row["embedding"] for row in rows], dtype=np.float32)
    except (TypeError, KeyError, ValueError) as error:
        raise EmbeddingFailed("the endpoint's answer is not a list of embeddings") from error
