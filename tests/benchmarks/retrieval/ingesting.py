"""`python -m tests.benchmarks.retrieval.ingesting FOLDER URI CHUNKS PERCENT [ENCODER]`: one ingestion, measured from inside.

Prints one JSON object: documents, chunks, embedded, seconds, in_store (seconds), peak_bytes.
"""

import asyncio
import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kefu_api.documents.index import Index
from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.protocol import Embedder, Vectors
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.store.milvus import MilvusStore
from tests.benchmarks.retrieval.corpus import DIMENSION, texts
from tests.unit.test_retrieval.doubles import folder_source, index

SECTIONS = 10


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
    """Write the sources, ingest them, and say what it took."""
    folder, uri, chunks, percent, *encoder = sys.argv[1:]
    document = _document(Path(folder), uri, int(chunks), int(percent))
    embedder: Embedder = BuiltinEmbedder(Path(encoder[0])) if encoder else Hashing()
    store: Any = Timed(MilvusStore(document.store, timeout=300.0))
    began = time.perf_counter()
    report = asyncio.run(Ingestion(document, store, embedder).run())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {"documents": report.documents, "chunks": report.chunks, "embedded": report.embedded}
    print(json.dumps({**told, "seconds": seconds, "in_store": store.seconds, "peak_bytes": peak}))


def _document(folder: Path, uri: str, chunks: int, percent: int) -> Index:
    """Files of ten sections; the first `percent` of them end otherwise."""
    files, count = {}, chunks // SECTIONS
    lines = texts(chunks)
    for number in range(count):
        sections = lines[number * SECTIONS : (number + 1) * SECTIONS]
        if number * 100 < percent * count:
            sections = [f"{text} Changed." for text in sections]
        body = "\n\n".join(f"## Section {number}.{at}\n\n{text}" for at, text in enumerate(sections))
        files[f"d{number:06}.md"] = f"# Page {number}\n\n{body}\n"
    source = folder_source(folder / "docs", files, "Markdown")
    return index(source, version=f"v{percent}", uri=uri)


def _drawn(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


if __name__ == "__main__":
    main()
