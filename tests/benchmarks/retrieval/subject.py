"""Kefu itself as a subject: documents ingested by the real job's code into a real Milvus Lite, searched by the service."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hack.cluster.cache import cache_root
from hack.models.errors import ModelsError
from hack.models.table import find, load_table, models_root

from kefu_api.documents.index import Index
from kefu_api.wire.search import MAX_QUERY, Hit, SearchRequest
from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.service import Service
from kefu_retrieval.store.milvus import MilvusStore
from tests.benchmarks.errors import Unavailable
from tests.benchmarks.retrieval.sets import Document
from tests.benchmarks.retrieval.vectors import KeptEmbedder
from tests.unit.test_retrieval.doubles import folder_source, index

HITS = 50
TIMEOUT = 60.0
"""Seconds; generous, since quality is measured here and not speed."""


def encoder() -> Path:
    """The built-in encoder's file. Raises Unavailable when it has not been fetched."""
    try:
        return find(load_table(), "encoder").require(models_root())
    except ModelsError as error:
        raise Unavailable(f"{error}; run `make models`") from error


def embedder() -> KeptEmbedder:
    """The built-in encoder, with vectors kept in the cache."""
    return KeptEmbedder(BuiltinEmbedder(encoder()), cache_root() / "bench" / "vectors")


@dataclass
class Kefu:
    """An index that is published and can be searched."""

    service: Service
    store: MilvusStore
    index: Index
    embedder: Embedder
    names: dict[str, str]
    """From a document's name in hits to its id in the set."""
    seconds: float
    """What ingestion took."""

    async def hits(self, query: str) -> Sequence[Hit]:
        """Up to fifty hits; a query is cut at the longest that the service takes."""
        answer = await self.service.search(SearchRequest(query=query[:MAX_QUERY], top_k=HITS))
        return answer.hits

    def ids(self, documents: Sequence[str]) -> list[str]:
        """The set's ids for names in hits, best first, each once."""
        return list(dict.fromkeys(self.names[name] for name in documents))

    async def dense(self, query: str, limit: int) -> list[str]:
        """Documents by their nearest row alone."""
        vectors = await self.embedder.embed([query[:MAX_QUERY]])
        found = self.store.dense(self.index.collection, vectors[0], limit)
        return self.ids([row.payload.document for row in found])


@asynccontextmanager
async def published(documents: Sequence[Document], uri: str, folder: Path) -> AsyncIterator[Kefu]:
    """Ingest the documents as Markdown pages of one source, and serve them."""
    files = {f"d{number:05}.md": _page(document) for number, document in enumerate(documents)}
    document = index(folder_source(folder / "docs", files, "Markdown"), uri=uri)
    served = folder / "index.json"
    served.write_text(document.model_copy(update={"sources": ()}).to_json())
    encoding = embedder()
    store = MilvusStore(document.store, timeout=TIMEOUT)
    began = time.perf_counter()
    await Ingestion(document, store, encoding).run()
    seconds = time.perf_counter() - began
    service = Service(served, lambda target: MilvusStore(target, timeout=TIMEOUT), lambda _: encoding, TIMEOUT)
    names = {f"docs/{name}": document.id for name, document in zip(files, documents, strict=True)}
    try:
        yield Kefu(service, store, document, encoding, names, seconds)
    finally:
        await service.close()
        store.close()


def _page(document: Document) -> str:
    return f"# {document.title}\n\n{document.text}\n" if document.title else f"{document.text}\n"
