"""What every reranker promises, and the two scales of relevance."""

import math
from collections.abc import Sequence
from typing import Protocol

MAX_CHARACTERS = 4_000
"""Longer passages, and longer questions, are cut before they are sent."""
_LEAST = 1e-9
"""A share nearer to 0 or 1 counts as this near."""


class Reranker(Protocol):
    """Reads a question and a passage together."""

    @property
    def kind(self) -> str:
        """model, endpoint or chat."""

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """Log-odds that each passage answers the question, in the order of the passages; finite.

        Raises:
            RerankerUnreachable: trying again later may help.
            RerankerFailed: it will not.
        """

    async def close(self) -> None:
        """Give back what it holds."""


def log_odds(share: float) -> float:
    """Of a share from 0 to 1."""
    held = min(1 - _LEAST, max(_LEAST, share))
    return math.log(held / (1 - held))


def relevance(log_odds: float) -> float:
    """The share from 0 to 1 of these log-odds."""
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, log_odds))))
