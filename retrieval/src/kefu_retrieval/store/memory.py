"""A store in this process's memory: for tests, and as the plainest reading of the protocol."""

import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from kefu_retrieval.chunks import terms as words
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import CollectionGone, StoreRefused
from kefu_retrieval.store.protocol import Capabilities
from kefu_retrieval.store.rows import ChunkRef, Found, Manifest, Payload, Row

_K1 = 1.2
_B = 0.75


@dataclass
class _Collection:
    manifest: Manifest
    rows: dict[str, Row] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    calibration: str = ""


class MemoryStore:
    """Collections as dictionaries; BM25 (Robertson and Zaragoza 2009) over the features of `chunks.terms`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._collections: dict[str, _Collection] = {}
        self._aliases: dict[str, str] = {}

    def capabilities(self) -> Capabilities:
        """Keyword search included."""
        return Capabilities(sparse=True)

    def create(self, collection: str, manifest: Manifest) -> None:
        """Make an empty collection."""
        with self._lock:
            if collection in self._collections:
                raise StoreRefused(f"collection {collection} exists")
            self._collections[collection] = _Collection(manifest)

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        with self._lock:
            held = self._get(collection)
            for row in rows:
                if row.vector.shape != (held.manifest.dimension,):
                    raise StoreRefused(f"row {row.id} has {row.vector.shape[0]} dimensions")
                held.rows[row.id] = row

    def seal(self, collection: str) -> None:
        """Nothing to do: memory is as durable as it gets."""
        self._get(collection)

    def manifest(self, collection: str) -> Manifest | None:
        """What the collection was meant to hold."""
        held = self._collections.get(collection)
        return held.manifest if held else None

    def count(self, collection: str) -> int:
        """Rows it holds."""
        return len(self._get(collection).rows)

    def drop(self, collection: str) -> None:
        """Remove the collection."""
        with self._lock:
            self._collections.pop(collection, None)
            self._aliases = {alias: name for alias, name in self._aliases.items() if name != collection}

    def collections(self, alias: str) -> list[Manifest]:
        """Manifests of all versions of `alias`, oldest first."""
        with self._lock:
            found = [held.manifest for held in self._collections.values() if held.manifest.alias == alias]
        return sorted(found, key=lambda manifest: manifest.created)

    def publish(self, alias: str, collection: str) -> None:
        """Point `alias` at `collection`."""
        with self._lock:
            self._get(collection)
            self._aliases[alias] = collection

    def published(self, alias: str) -> str | None:
        """The collection that `alias` points at."""
        return self._aliases.get(alias)

    def unpublish(self, alias: str) -> None:
        """Take the alias away."""
        with self._lock:
            self._aliases.pop(alias, None)

    def load(self, collection: str) -> None:
        """Always loaded."""
        self._get(collection)

    def vectors(self, collection: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by key."""
        wanted = set(keys)
        return {row.key: row.vector for row in self._rows(collection) if row.key in wanted}

    def dense(self, collection: str, vector: Vectors, limit: int) -> list[Found]:
        """The nearest rows by cosine."""
        found = [Found(row.payload, float(np.dot(row.vector, vector))) for row in self._rows(collection)]
        return sorted(found, key=lambda hit: -hit.score)[:limit]

    def sparse(self, collection: str, terms: str, limit: int) -> list[Found]:
        """The best rows by BM25."""
        rows = self._rows(collection)
        counts = [Counter(words.features(row.terms)) for row in rows]
        average = sum(c.total() for c in counts) / max(1, len(counts)) or 1.0
        frequency = Counter(word for c in counts for word in c)
        scores = []
        for row, count in zip(rows, counts, strict=True):
            length = _K1 * (1 - _B + _B * count.total() / average)
            score = sum(
                math.log(1 + (len(rows) - frequency[word] + 0.5) / (frequency[word] + 0.5))
                * (count[word] * (_K1 + 1) / (count[word] + length))
                for word in words.features(terms)
                if count[word]
            )
            if score > 0:
                scores.append(Found(row.payload, score))
        return sorted(scores, key=lambda hit: -hit.score)[:limit]

    def probes(self, collection: str, limit: int) -> Iterator[tuple[str, str]]:
        """Documents and probe texts of up to `limit` rows."""
        return islice(((row.payload.document, row.payload.probe) for row in self._rows(collection)), limit)

    def chunks(self, collection: str, documents: Collection[str] | None = None) -> Iterator[ChunkRef]:
        """One a row."""
        for row in self._rows(collection):
            said = row.payload
            if documents is None or said.document in documents:
                yield ChunkRef(said.document, said.chunk, said.content, row.id)

    def payloads(self, collection: str, ids: Sequence[str]) -> list[Payload]:
        """Of the rows with these ids."""
        held = self._get(collection).rows
        return [held[each].payload for each in ids if each in held]

    def ids(self, collection: str) -> Iterator[str]:
        """Ids of all rows."""
        return (row.id for row in self._rows(collection))

    def scan(self, collection: str) -> Iterator[tuple[str, Vectors]]:
        """Keys and vectors of all rows."""
        return ((row.key, row.vector) for row in self._rows(collection))

    def remember(self, collection: str, notes: Iterable[str]) -> None:
        """Keep the texts."""
        self._get(collection).notes = tuple(notes)

    def notes(self, collection: str) -> Iterator[str]:
        """The texts."""
        return iter(self._get(collection).notes)

    def calibrate(self, collection: str, text: str) -> None:
        """Keep it."""
        self._get(collection).calibration = text

    def calibration(self, collection: str) -> str:
        """What is kept."""
        held = self._collections.get(collection)
        return held.calibration if held else ""

    def close(self) -> None:
        """Nothing is held."""

    def _rows(self, collection: str) -> list[Row]:
        with self._lock:
            return list(self._get(collection).rows.values())

    def _get(self, collection: str) -> _Collection:
        held = self._collections.get(collection)
        if held is None:
            raise CollectionGone(f"collection {collection} does not exist")
        return held
