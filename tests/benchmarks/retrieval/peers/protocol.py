"""What the drivers of the peers have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Encode = Callable[[Sequence[str]], list[list[float]]]
"""Unit vectors of texts."""


@dataclass(frozen=True)
class Text:
    """What a peer is given to index."""

    id: str
    text: str


class Peer(Protocol):
    """One framework in front of one Milvus collection."""

    def fill(self, texts: Sequence[Text]) -> None:
        """Index each text as it is, for hybrid search: dense and BM25."""

    def fill_split(self, texts: Sequence[Text]) -> None:
        """Index with the framework's own splitter and its default retriever."""

    def search(self, query: str, limit: int) -> list[str]:
        """Ids of the texts found, best first; a split text's id may come more than once."""
