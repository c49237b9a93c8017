"""Vectors that some kept version already holds, so that a text is embedded once and not once a version.

They are looked for in every version of the same embedder, the published one first, and wait on disk until their row is built:
those of some hundred thousand rows do not fit into a small pod's memory.
"""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing

import numpy as np

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.scratch.table import Table
from kefu_retrieval.store.protocol import Store

FEW = 2_000
"""Keys up to which a version is asked for them; for more it is read as a whole, which costs less a row."""


_PLACE = 8
"""Bytes of a place in the file."""


class KnownVectors:
    """Vectors by key, on disk."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._places = Table()
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, key: str, vector: Vectors) -> None:
        """Keep a vector; all must be added before the first is asked for."""
        if self._places.add(bytes.fromhex(key), self._end.to_bytes(_PLACE)):
            self._end += self._file.write(np.asarray(vector, dtype="<f4").tobytes())

    def get(self, keys: Iterable[str]) -> dict[str, Vectors]:
        """Those of `keys` that are known."""
        found: dict[str, Vectors] = {}
        for key in keys:
            place = self._places.get(bytes.fromhex(key))
            if place is not None:
                self._file.seek(int.from_bytes(place))
                found[key] = np.frombuffer(self._file.read(4 * self._dimension), dtype="<f4")
        return found

    def close(self) -> None:
        """Give the space back."""
        self._places.close()
        self._file.close()


def collect(store: Store, collections: Sequence[str], wanted: Iterable[str], dimension: int) -> KnownVectors:
    """What `collections` hold of the vectors with the `wanted` keys, looked for in their order.

    Raises:
        RetrievalError: the store does not say.
    """
    known = KnownVectors(dimension)
    if not collections:
        return known
    with closing(Table()) as lacking:
        for key in wanted:
            lacking.add(bytes.fromhex(key))
        for collection in collections:
            if not lacking:
                break
            store.load(collection)
            few = len(lacking) <= FEW
            held = store.vectors(collection, [key.hex() for key in lacking]).items() if few else store.scan(collection)
            for key, vector in held:
                if lacking.discard(bytes.fromhex(key)):
                    known.add(key, vector)
    return known
