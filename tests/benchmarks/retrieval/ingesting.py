"""`python -m tests.benchmarks.retrieval.ingesting DOCUMENT [ENCODER]`: one ingestion, measured from inside.

Prints one JSON object: documents, chunks, embedded, seconds, in_store (seconds), peak_bytes.
"""

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kefu_retrieval import documents
from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.store.milvus import MilvusStore
from tests.benchmarks.retrieval.corpus import DIMENSION


class Hashing:
    """Draws a unit vector from a text's hash: no work to speak of, and equal texts get equal vectors."""

    fingerprint = "hashing"
    dimension = DIMENSION

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        return np.stack([_drawn(text) for text in texts])

    async def close(self) -> None:
        """Nothing is held."""


class Timed:
    """A store whose calls are timed."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._timed(found) if callable(found) else found

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*positional: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*positional, **named)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def main() -> None:
    """Ingest what the document names, and say what it took."""
    name, *encoder = sys.argv[1:]
    document = documents.read(Path(name))
    embedder: Embedder = BuiltinEmbedder(Path(encoder[0])) if encoder else Hashing()
    store: Any = Timed(MilvusStore(document.store, timeout=300.0))
    began = time.perf_counter()
    report = asyncio.run(Ingestion(document, store, embedder).run())
    seconds = time.perf_counter() - began
    told = {"documents": report.documents, "chunks": report.chunks, "embedded": report.embedded}
    print(json.dumps({**told, "seconds": seconds, "in_store": store.seconds, "peak_bytes": _peak_bytes()}))


def _peak_bytes() -> int:
    """The most memory that was ever resident; `getrusage` would count what this process was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _drawn(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


if __name__ == "__main__":
    main()
