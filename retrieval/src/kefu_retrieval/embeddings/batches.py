"""Texts in batches through an embedder behind HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import numpy as np

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.remote.client import Remote

BATCH = 32
"""Texts of one request."""


async def batches(
    remote: Remote, texts: Sequence[str], dimension: int, act: Callable[[Sequence[str]], Awaitable[Vectors]]
) -> Vectors:
    """All of `texts` through `act`, `BATCH` at a time; rows of `dimension` numbers in the order of the texts.

    Raises:
        RetrievalError: what `act` raises, the others ended.
    """
    parts = await remote.all_of([partial(act, texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)])
    return np.concatenate(parts) if parts else np.empty((0, dimension), np.float32)
