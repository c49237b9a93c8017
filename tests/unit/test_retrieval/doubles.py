"""Doubles that enter through constructors: an embedder without a model, a clock that is set, an index document."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kefu_api import digest
from kefu_api.documents.index import (
    BuiltinEmbedding,
    Chunking,
    Index,
    SearchSettings,
    SourceDocument,
    StoreTarget,
)
from kefu_retrieval.chunks import terms
from kefu_retrieval.embeddings.protocol import Vectors

DIMENSION = 64


class WordEmbedder:
    """Hashes a text's features into a unit vector, so that texts which share words are near; counts what it embeds."""

    def __init__(self, fingerprint: str = "words") -> None:
        self._fingerprint = fingerprint
        self.embedded: list[str] = []

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimension(self) -> int:
        return DIMENSION

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.stack([vector_of(text) for text in texts])

    async def close(self) -> None:
        return None


def vector_of(text: str) -> Vectors:
    vector = np.full(DIMENSION, 1e-3, dtype=np.float32)
    for feature in terms.features(text):
        vector[int(digest.of_text(feature), 16) % DIMENSION] += 1
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def faq_source(text: str, name: str = "faq") -> SourceDocument:
    """An inline FAQ."""
    return SourceDocument(name=name, format="FAQ", inline=text, digest=digest.of_text(text))


def folder_source(folder: Path, files: Mapping[str, str | bytes], form: str = "FAQ") -> SourceDocument:
    """A folder with these files, and the source that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return SourceDocument.model_validate(
        {"name": folder.name, "format": form, "path": str(folder), "digest": digest.of_files(files)}
    )


def index(*sources: SourceDocument, version: str = "v1", keep: int = 2, uri: str = "http://127.0.0.1:9") -> Index:
    """An index document over these sources."""
    return Index(
        namespace="acme",
        name="shop",
        version=version,
        languages=("zh", "en"),
        sources=sources,
        chunking=Chunking(tokens=200, overlap=20),
        embedding=BuiltinEmbedding(),
        store=StoreTarget(uri=uri, alias="kefu_acme_shop"),
        search=SearchSettings(top_k=5, candidates=50, dense=0.6, sparse=0.4, min_confidence=0.35),
        keep=keep,
    )
