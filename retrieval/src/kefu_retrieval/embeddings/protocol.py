"""What every embedder promises."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

MAX_CHARACTERS = 4_000
"""Longer texts are cut before they are embedded: an FAQ answer at its longest says what it is about earlier."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Names the vector space: vectors of equal fingerprints may be compared and copied."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order.

        Raises:
            EmbeddingUnreachable: trying again later may help.
            EmbeddingFailed: it will not.
        """

    async def close(self) -> None:
        """Give back what it holds."""
