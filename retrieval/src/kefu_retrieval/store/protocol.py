"""What every store promises; `tests/integration/test_retrieval/store_suite.py` holds each one to it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.store.rows import ChunkRef, Found, Manifest, Payload, Row


@dataclass(frozen=True)
class Capabilities:
    """What a store can do beyond dense search."""

    sparse: bool
    """Keyword search (BM25) with a Chinese tokenizer."""


class Store(Protocol):
    """A server of collections. Every method blocks, may be called from any thread, and raises:

    StoreUnreachable: no answer within the store's time limit.
    StoreRefused: the server says that the request is wrong.
    CollectionGone: the named collection does not exist (any more).
    """

    def capabilities(self) -> Capabilities:
        """What the server can do."""

    def create(self, collection: str, manifest: Manifest) -> None:
        """Make an empty collection that is meant to hold what `manifest` says; it must not exist."""

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add rows; their ids must be new."""

    def seal(self, collection: str) -> None:
        """Make everything inserted durable and searchable."""

    def manifest(self, collection: str) -> Manifest | None:
        """What the collection was meant to hold; None when it does not exist or was not made by Kefu."""

    def count(self, collection: str) -> int:
        """Rows it holds, everything inserted before included."""

    def drop(self, collection: str) -> None:
        """Remove the collection; silent when there is none. Never call it for a published one: some servers allow it."""

    def collections(self, alias: str) -> list[Manifest]:
        """Manifests of all versions made for `alias`, oldest first."""

    def publish(self, alias: str, collection: str) -> None:
        """Point `alias` at `collection`, at once for all readers."""

    def published(self, alias: str) -> str | None:
        """The collection that `alias` points at; None when there is none."""

    def unpublish(self, alias: str) -> None:
        """Take the alias away, and leave what it points at; silent when there is none."""

    def load(self, collection: str) -> None:
        """Make the collection searchable if it is not; idempotent."""

    def vectors(self, collection: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of the rows with these keys, by key; absent keys are left out."""

    def dense(self, collection: str, vector: Vectors, limit: int) -> list[Found]:
        """The nearest rows by cosine, best first."""

    def sparse(self, collection: str, terms: str, limit: int) -> list[Found]:
        """The best rows by BM25 that share a word with `terms`, best first; needs `Capabilities.sparse`."""

    def probes(self, collection: str, limit: int) -> Iterator[tuple[str, str]]:
        """Document and probe text of up to `limit` rows, in no promised order."""

    def chunks(self, collection: str, documents: Collection[str] | None = None) -> Iterator[ChunkRef]:
        """The chunk of every row, or of every row of `documents` (some thousand at most), in no promised order."""

    def payloads(self, collection: str, ids: Sequence[str]) -> list[Payload]:
        """What the rows with these ids say, in no promised order; absent ids are left out."""

    def ids(self, collection: str) -> Iterator[str]:
        """The id of every row, in no promised order."""

    def scan(self, collection: str) -> Iterator[tuple[str, Vectors]]:
        """Key and vector of every row, in no promised order."""

    def remember(self, collection: str, notes: Iterable[str]) -> None:
        """Keep texts without line ends beside a collection, in their order, in place of those before; they go with it."""

    def notes(self, collection: str) -> Iterator[str]:
        """The texts that are kept beside a collection; perhaps not all, where keeping them was broken off."""

    def calibrate(self, collection: str, text: str) -> None:
        """Keep what its confidence means with a collection, some KiB at most, in place of what was kept before; empty: nothing."""

    def calibration(self, collection: str) -> str:
        """What `calibrate` kept; empty for nothing, and for a collection that does not exist."""

    def close(self) -> None:
        """Give back connections."""
