"""Asking golden questions of one version, published or not, with the settings and the searcher that customers are served by."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from kefu_api.documents.index import Index
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.evaluation import judge
from kefu_retrieval.evaluation.judge import Step
from kefu_retrieval.evaluation.questions import Question
from kefu_retrieval.evaluation.scores import Finding
from kefu_retrieval.graph.keeper import graphs_of
from kefu_retrieval.search.reranking import Reranking
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import OneVersion
from kefu_retrieval.search.vocabulary import built_in
from kefu_retrieval.store.protocol import Store

SEARCH_SECONDS = 30.0
"""Longest time of one golden question's search: nobody waits, and a store that is still loading is no bad answer."""


async def ask_version(
    index: Index,
    store: Store,
    collection: str,
    embedders: Callable[[], Mapping[str, Embedder]],
    threads: Executor,
    golden: Sequence[Question],
    step: Step = lambda done, total: None,
    reranking: Reranking | None = None,
    *,
    plain: bool = False,
) -> list[Finding]:
    """What each question finds in `collection`; `step` is told how many were asked; `reranking` is patient; `plain`: confidences are
    the formula's, whatever the version has learnt.

    Raises:
        RetrievalError: a search failed; a judgement of half the questions would be none.
    """
    versions = OneVersion(store, collection, built_in(index.vocabulary), plain=plain)
    graphs = graphs_of(index, wait=True)
    searcher = Searcher(versions, embedders, threads, SEARCH_SECONDS, graphs=graphs, reranking=reranking)

    async def ask(text: str, depth: int) -> SearchResponse:
        return await searcher.search(index.name, text, depth, index.search)

    try:
        return await judge.ask_all(golden, ask, step)
    finally:
        if graphs:
            graphs.close()
