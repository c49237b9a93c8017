"""A version as readers see it: the rows of its own collection, and those of its base that it does not replace.

Both collections stand still from the moment that the version is whole, so that a reader who holds a view is answered from one
version only, whatever is built or published meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import CollectionGone
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import ChunkRef, Found, Manifest, mark

MOST = 16_000
"""Rows that a search is asked for at most; Milvus gives 16,384."""
SPARE = 4
"""A fourth more than wanted is asked for at first where some rows are passed over, four times as many afterwards."""


@dataclass(frozen=True)
class Layer:
    """Rows of one collection, without those of some documents."""

    store: Store
    collection: str
    rows: int
    """That the collection holds."""
    hidden: frozenset[str] = frozenset()
    """Marks of the documents whose rows are passed over."""

    def dense(self, vector: Vectors, limit: int) -> list[Found]:
        """The nearest rows by cosine, best first."""
        return self._visible(lambda wanted: self.store.dense(self.collection, vector, wanted), limit)

    def sparse(self, terms: str, limit: int) -> list[Found]:
        """The best rows by BM25, best first."""
        return self._visible(lambda wanted: self.store.sparse(self.collection, terms, wanted), limit)

    def probes(self, limit: int) -> Iterator[str]:
        """Probe texts of up to `limit` rows."""
        return (probe for document, probe in self.store.probes(self.collection, limit) if self.shows(document))

    def chunks(self) -> Iterator[ChunkRef]:
        """Every row's chunk."""
        return (each for each in self.store.chunks(self.collection) if self.shows(each.document))

    def shows(self, document: str) -> bool:
        """Whether rows of this document are not passed over."""
        return not self.hidden or mark(document) not in self.hidden

    def _visible(self, ask: Callable[[int], list[Found]], limit: int) -> list[Found]:
        """As many as wanted, if there are so many: with those that are passed over, the store is asked for more until there are."""
        wanted = min(MOST, limit + limit // SPARE) if self.hidden else limit
        while True:
            found = ask(wanted)
            seen = [row for row in found if self.shows(row.payload.document)]
            if len(seen) >= limit or len(found) < wanted or wanted >= MOST:
                return seen[:limit]
            wanted = min(MOST, SPARE * wanted)


@dataclass(frozen=True)
class View:
    """One version, layer by layer: what it brings itself, then what it takes from its base."""

    store: Store
    collection: str
    manifest: Manifest
    base: Manifest | None
    layers: tuple[Layer, ...]
    """Without a layer that holds no rows."""

    @classmethod
    def of(cls, store: Store, manifest: Manifest) -> "View":
        """The view of the version with this manifest.

        Raises:
            CollectionGone: its base is not there any more.
        """
        own = Layer(store, f"{manifest.alias}_{manifest.version}", manifest.rows)
        if manifest.base is None:
            return cls(store, own.collection, manifest, None, (own,))
        below = f"{manifest.alias}_{manifest.base}"
        base = store.manifest(below)
        if base is None:
            raise CollectionGone(f"{below}, on which version {manifest.version} is built, does not exist")
        rest = Layer(store, below, base.rows, frozenset(manifest.replaced))
        return cls(store, own.collection, manifest, base, tuple(layer for layer in (own, rest) if layer.rows))

    def load(self) -> None:
        """Make it searchable if it is not."""
        for layer in self.layers:
            self.store.load(layer.collection)

    def whole(self) -> bool:
        """Whether every row is there that was meant to be.

        Raises:
            RetrievalError: the store does not say.
        """
        try:
            self.load()
            return all(self.store.count(layer.collection) == layer.rows for layer in self.layers)
        except CollectionGone:
            return False

    def probes(self, limit: int) -> Iterator[str]:
        """Probe texts of up to `limit` rows, the version's own first."""
        return islice((probe for layer in self.layers for probe in layer.probes(limit)), limit)

    def chunks(self) -> Iterator[ChunkRef]:
        """Every row's chunk."""
        return (each for layer in self.layers for each in layer.chunks())
