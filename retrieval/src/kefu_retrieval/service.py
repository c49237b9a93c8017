"""The retrieval service's state: one index document, followed as it changes, and what is needed to search it."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from kefu_api.documents.index import Embedding, Index, StoreTarget
from kefu_api.wire.search import SearchRequest, SearchResponse
from kefu_retrieval import documents, metrics
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import EmbedderMismatch, RetrievalError
from kefu_retrieval.graph.keeper import graphs_of
from kefu_retrieval.search.pinned import Pinned
from kefu_retrieval.search.reranking import Make, Reranking, no_reranker
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import OneVersion, Version, Versions
from kefu_retrieval.search.vocabulary import built_in
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.versions.desk import Desk

log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks at the index document."""
STORE_THREADS = 16
"""Store calls at once; more searches wait their turn."""

CONNECTED = ("store", "vocabulary", "graph", "reranking")
"""Parts of the document for which another searcher is made."""

MakeStore = Callable[[StoreTarget], Store]
MakeEmbedder = Callable[[Embedding], Embedder]


class Service:
    """Searches the index of one document file."""

    def __init__(
        self,
        path: Path,
        make_store: MakeStore,
        make_embedder: MakeEmbedder,
        timeout: float,
        make_reranker: Make = no_reranker,
    ) -> None:
        """Read the document and load the embedder; the store need not be there yet.

        Raises:
            IndexInvalid: the document cannot be read.
            EncoderMissing: the embedder cannot be loaded.
        """
        self._path = path
        self._make_store = make_store
        self._make_embedder = make_embedder
        self._make_reranker = make_reranker
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store")
        self._stamp = documents.Stamp.of(path)
        self._embedders: dict[str, Embedder] = {}
        self._index = documents.read(path)
        self._add_embedder(self._index)
        self._former: list[Reranking] = []
        self._reranking = Reranking.of(self._index.reranking, make_reranker)
        self._connect(self._index)

    @property
    def index(self) -> Index:
        """The document that is served now."""
        return self._index

    async def search(self, request: SearchRequest, *, explain: bool = False) -> SearchResponse:
        """Answer one request with the settings of the document as it is now; with `explain` it says why."""
        index = self._index
        top_k = request.top_k or index.search.top_k
        searcher = self._pinned.of(request.version) if request.version else self._searcher
        response = await searcher.search(
            index.name, request.query, top_k, index.search, history=request.history, explain=explain
        )
        metrics.CONFIDENCE.observe(response.confidence)
        return response

    @property
    def reranker_fault(self) -> str:
        """Why searches go on without their reranker for good; empty where they do not."""
        return self._reranking.fault if self._reranking else ""

    @property
    def desk(self) -> Desk:
        """Who answers about versions, by the document as it is now."""
        return Desk(self._index, self._store, lambda: self._embedders, self._threads, self._reranking)

    async def ready(self) -> Version:
        """The version that would be searched now.

        Raises:
            RetrievalError: it cannot be searched; the message says why.
        """
        async with asyncio.timeout(self._timeout):
            version = await self._searcher.version()
        if version.manifest.embedder not in self._embedders:
            raise EmbedderMismatch(f"version {version.manifest.version} was built with {version.manifest.embedder}")
        _show(self._index.name, version)
        return version

    async def follow(self) -> None:
        """Look at the document every second, for ever, and serve it as it is."""
        while True:
            await asyncio.sleep(POLL)
            stamp = documents.Stamp.of(self._path)
            if stamp is None or stamp == self._stamp:
                continue
            self._stamp = stamp
            try:
                await asyncio.to_thread(self._reload)
            except RetrievalError as error:
                metrics.RELOADS.labels("invalid").inc()
                log.error("keeping the index document as it was: %s", error)
            else:
                metrics.RELOADS.labels("ok").inc()

    async def close(self) -> None:
        """Give back connections and threads."""
        for embedder in self._embedders.values():
            await embedder.close()
        for reranking in (*self._former, *([self._reranking] if self._reranking else [])):
            await reranking.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._graphs:
            self._graphs.close()
        await asyncio.to_thread(self._store.close)

    def _reload(self) -> None:
        index = documents.read(self._path)
        if index.embedding != self._index.embedding:
            self._add_embedder(index)
        if index.reranking != self._index.reranking:
            self._former += [self._reranking] if self._reranking else []  # searches in flight still wait for it
            self._reranking = Reranking.of(index.reranking, self._make_reranker)
        if any(getattr(index, part) != getattr(self._index, part) for part in CONNECTED):
            self._connect(index)
        self._index = index
        log.info("index document read again", extra={"index": index.name})

    def _add_embedder(self, index: Index) -> None:
        """Keep the earlier ones: the published version may still be theirs."""
        embedder = self._make_embedder(index.embedding)
        self._embedders = {**self._embedders, embedder.fingerprint: embedder}

    def _connect(self, index: Index) -> None:
        """An earlier store is not closed: searches in flight still use it, and it goes with the last of them."""
        self._store = self._make_store(index.store)
        store, alias, vocabulary = self._store, index.store.alias, built_in(index.vocabulary)
        self._graphs, reranking = graphs_of(index), self._reranking
        graphs = self._graphs

        def searcher(versions: Versions) -> Searcher:
            return Searcher(
                versions, lambda: self._embedders, self._threads, self._timeout, graphs=graphs, reranking=reranking
            )

        self._searcher = searcher(Versions(store, alias, vocabulary=vocabulary, background=self._in_background))
        self._pinned = Pinned(lambda version: searcher(OneVersion(store, f"{alias}_{version}", vocabulary)))

    def _in_background(self, act: Callable[[], None]) -> None:
        self._threads.submit(act).add_done_callback(_tell_defect)


def _tell_defect(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("work in the background ended with an error", exc_info=error)


def _show(index: str, version: Version) -> None:
    metrics.PUBLISHED.clear()
    metrics.PUBLISHED.labels(index, version.manifest.version).set(1)
    metrics.SPARSE.set(version.manifest.sparse)
