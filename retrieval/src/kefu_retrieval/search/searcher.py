"""One search: embed the query, ask both legs of one version, fuse, judge."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from kefu_api.documents.index import SearchSettings
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import (
    CollectionGone,
    EmbedderMismatch,
    RetrievalError,
    StoreFailed,
    StoreRefused,
    StoreUnreachable,
)
from kefu_retrieval.graph.consult import Again, Asked, Consultation, Consulting
from kefu_retrieval.graph.keeper import Graphs
from kefu_retrieval.metrics import LEG_SECONDS
from kefu_retrieval.search import answer, followup, layers
from kefu_retrieval.search.distinct import distinct
from kefu_retrieval.search.fusion import Leg, fuse
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged, rank
from kefu_retrieval.search.validity import holding
from kefu_retrieval.search.versions import Version, Versions

log = logging.getLogger(__name__)
T = TypeVar("T")

ROWS_PER_CHUNK = 2
"""Rows asked of a leg for each candidate: a chunk has several rows, and those of a good one come together."""


class Searcher:
    """Searches one index; blocking store calls run on `threads`, never on the event loop."""

    def __init__(
        self,
        versions: Versions,
        embedders: Callable[[], Mapping[str, Embedder]],
        threads: Executor,
        timeout: float,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        graphs: Graphs | None = None,
    ) -> None:
        """`embedders`: those at hand now, by fingerprint; `timeout`: seconds a whole search may take; `today` decides what
        still holds; `graphs`: the knowledge graphs of the versions, where the index has them."""
        self._versions = versions
        self._embedders = embedders
        self._threads = threads
        self._timeout = timeout
        self._today = today
        self._graphs = graphs

    async def search(
        self,
        index: str,
        query: str,
        top_k: int,
        settings: SearchSettings,
        *,
        history: Sequence[str] = (),
        explain: bool = False,
    ) -> SearchResponse:
        """Evidence for `query`, all from one version; `history` holds the customer's earlier questions, latest last.

        Raises:
            StoreUnreachable, StoreFailed, StoreRefused, EmbeddingUnreachable, EmbeddingFailed: cannot look it up now.
            IndexNotPublished, EmbedderMismatch: nothing to look it up in.
        """
        whole = followup.whole(query, history)
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    version, question, found = await self._once(whole, settings)
                except (CollectionGone, StoreFailed, StoreRefused) as error:
                    log.info("searching again: %s", error)  # dropped, released or restarted since the alias was read
                    version, question, found = await self._once(whole, settings)
        except TimeoutError as error:
            raise StoreUnreachable(f"the store did not answer within {self._timeout:.1f} s") from error
        today = self._today()
        legs = [Leg(leg.name, leg.weight, holding(leg.found, today)) for leg in found]
        ranked = rank(question, fuse(legs, settings.candidates, settings.fusion), version.lexicon)
        graph = await self._consult(
            version, Asked(question, ranked, today, explain, self._again(version, settings, today))
        )
        chosen = [*graph.first[:top_k], *distinct(graph.ranked, version.lexicon, max(0, top_k - len(graph.first)))]
        best = chosen[0].confidence if chosen else 0.0
        left_out = _left_out(found, legs, [*graph.first, *graph.ranked], chosen) | {"contradicted": graph.contradicted}
        told = answer.explanation(query, question, legs, left_out, graph.report) if explain else None
        return SearchResponse(
            index=index,
            version=version.manifest.version,
            confidence=best,
            answerable=bool(chosen) and best >= settings.min_confidence,
            hits=tuple(answer.hit(judged, explain, graph.paths.get(judged.payload.chunk, ())) for judged in chosen),
            explanation=told,
        )

    async def _once(self, query: str, settings: SearchSettings) -> tuple[Version, Question, list[Leg]]:
        version = await self.version()
        question = Question.of(version.lexicon.spelling.corrected(query), version.lexicon.vocabulary)
        try:
            return version, question, await self._legs(version, question, settings)
        except RetrievalError:
            self._versions.forget(version)
            raise

    async def _consult(self, version: Version, asked: Asked) -> Consultation:
        """What the version's graph makes of the hits; the hits as they are where it has none, or none now."""
        graph = await self._graphs.of(version) if self._graphs else None
        if graph is None:
            return Consultation((), asked.ranked)
        try:
            with LEG_SECONDS.labels("graph").time():
                return await Consulting(graph, self._blocking)(asked)
        except (RetrievalError, TimeoutError) as error:
            log.warning("answering without the graph", extra={"error": str(error) or type(error).__name__})
            return Consultation((), asked.ranked)

    def _again(self, version: Version, settings: SearchSettings, today: date) -> Again:
        async def search(text: str) -> Sequence[Judged]:
            question = Question.of(text, version.lexicon.vocabulary)
            async with asyncio.timeout(self._timeout):
                found = await self._legs(version, question, settings)
            legs = [Leg(leg.name, leg.weight, holding(leg.found, today)) for leg in found]
            return rank(question, fuse(legs, settings.candidates, settings.fusion), version.lexicon)

        return search

    async def version(self) -> Version:
        """The version that is searched now."""
        version = await self._blocking(self._versions.current)
        if self._graphs:
            self._graphs.prepare(version)
        return version

    async def _legs(self, version: Version, question: Question, settings: SearchSettings) -> list[Leg]:
        legs = [self._dense(version, question, settings)]
        if version.manifest.sparse and settings.sparse > 0:
            legs.append(self._sparse(version, question, settings))
        return list(await asyncio.gather(*legs))

    async def _dense(self, version: Version, question: Question, settings: SearchSettings) -> Leg:
        embedder = self._embedders().get(version.manifest.embedder)
        if embedder is None:
            raise EmbedderMismatch(
                f"version {version.manifest.version} was built with {version.manifest.embedder};"
                " it can be searched again when a version with the present embedding is published"
            )
        with LEG_SECONDS.labels("embed").time():
            vectors = await embedder.embed([question.text])
        rows = ROWS_PER_CHUNK * settings.candidates
        asked = [partial(layer.dense, vectors[0], rows) for layer in version.layers]
        with LEG_SECONDS.labels("dense").time():
            found = await self._all(asked)
        return Leg("dense", settings.dense, found[0] if len(found) == 1 else layers.dense(found, rows))

    async def _sparse(self, version: Version, question: Question, settings: SearchSettings) -> Leg:
        rows = ROWS_PER_CHUNK * settings.candidates
        with LEG_SECONDS.labels("sparse").time():
            found = await self._all([partial(layer.sparse, question.normal, rows) for layer in version.layers])
        if len(found) == 1:
            return Leg("sparse", settings.sparse, found[0])
        features = version.lexicon.features(question.normal)
        return Leg("sparse", settings.sparse, layers.sparse(found, rows, features, version.lexicon))

    async def _all(self, acts: Sequence[Callable[[], T]]) -> list[T]:
        return list(await asyncio.gather(*map(self._blocking, acts)))

    async def _blocking(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)


def _left_out(
    found: Sequence[Leg], legs: Sequence[Leg], ranked: Sequence[Judged], chosen: Sequence[Judged]
) -> dict[str, int]:
    """How many rows of `found` are not in `legs`, and how many hits among the chosen ones repeat a better one."""
    return {
        "invalidToday": sum(len(leg.found) for leg in found) - sum(len(leg.found) for leg in legs),
        "repeated": ranked.index(chosen[-1]) + 1 - len(chosen) if chosen else 0,
    }
