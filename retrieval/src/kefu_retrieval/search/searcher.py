"""One search: the question made whole and put right, looked up in one version, its candidates judged."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, date, datetime
from typing import TypeVar

from kefu_api.documents.index import SearchSettings
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.errors import CollectionGone, RetrievalError, StoreFailed, StoreRefused, StoreUnreachable
from kefu_retrieval.graph.consult import Again, Asked, Consultation, Consulting
from kefu_retrieval.graph.keeper import Graphs
from kefu_retrieval.metrics import LEG_SECONDS, RERANKS
from kefu_retrieval.search import answer, followup, long_question, parts
from kefu_retrieval.search.boosts import boosted, factors
from kefu_retrieval.search.distinct import distinct
from kefu_retrieval.search.fusion import Leg, fuse
from kefu_retrieval.search.legs import Legs
from kefu_retrieval.search.long_question import Part
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged, rank
from kefu_retrieval.search.reranking import Reranking
from kefu_retrieval.search.validity import holding
from kefu_retrieval.search.versions import Version, Versions

log = logging.getLogger(__name__)
T = TypeVar("T")


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
        reranking: Reranking | None = None,
    ) -> None:
        """`embedders`: those at hand now, by fingerprint; `timeout`: seconds a whole search may take; `today` decides what
        still holds; `graphs`: the knowledge graphs of the versions, where the index has them; `reranking`: what orders the best candidates, if anything."""
        self._versions = versions
        self._legs = Legs(embedders, threads)
        self._threads = threads
        self._timeout = timeout
        self._today = today
        self._graphs = graphs
        self._reranking = reranking

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
                    version, question, asked, found = await self._once(whole, settings)
                except (CollectionGone, StoreFailed, StoreRefused) as error:
                    log.info("searching again: %s", error)  # dropped, released or restarted since the alias was read
                    version, question, asked, found = await self._once(whole, settings)
        except TimeoutError as error:
            raise StoreUnreachable(f"the store did not answer within {self._timeout:.1f} s") from error
        today = self._today()
        legs = [_holding(each, today) for each in found]
        ranked = await self._ranked(version, question, asked, legs, settings, today)
        reranked = (
            await self._reranking.order(question.text, ranked, whole=len(asked) == 1) if self._reranking else None
        )
        if reranked:
            RERANKS.labels(index, reranked.report.outcome).inc()
            ranked = reranked.ranked
        graph = await self._consult(
            version, Asked(question, ranked, today, explain, self._again(version, settings, today))
        )
        chosen = [*graph.first[:top_k], *distinct(graph.ranked, version.lexicon, max(0, top_k - len(graph.first)))]
        surest = chosen if len(asked) > 1 or ((reranked or settings.boosts) and not graph.first) else chosen[:1]
        formula = max((each.confidence for each in surest), default=0.0)
        best = version.calibration(formula) if version.calibration and chosen else formula
        left_out = _left_out(found, legs, [*graph.first, *graph.ranked], chosen) | {"contradicted": graph.contradicted}
        report = reranked.report if reranked else None
        told = None
        if explain:
            note = answer.calibrated(version.calibration, formula)
            told = answer.explanation(query, question, asked, legs, left_out, note, report, graph.report)
        return SearchResponse(
            index=index,
            version=version.manifest.version,
            confidence=best,
            answerable=bool(chosen) and best >= settings.min_confidence,
            hits=tuple(answer.hit(judged, explain, graph.paths.get(judged.payload.chunk, ())) for judged in chosen),
            explanation=told,
        )

    async def _once(
        self, query: str, settings: SearchSettings
    ) -> tuple[Version, Question, list[Question], list[list[Leg]]]:
        """The version, the question, its parts (the question itself where it is short), and the legs of each part."""
        late = self._versions.late()
        if late is None:
            return await self._in(await self.version(), query, settings)
        # Where the alias points by now is read meanwhile: mostly to where it did.
        found, version = await asyncio.gather(self._in(late, query, settings), self.version(), return_exceptions=True)
        if isinstance(version, BaseException):
            raise version
        if version.collection != late.collection:
            return await self._in(version, query, settings)
        if isinstance(found, BaseException):
            raise found
        _, question, asked, legs = found
        return version, question, asked, legs

    async def _in(
        self, version: Version, query: str, settings: SearchSettings
    ) -> tuple[Version, Question, list[Question], list[list[Leg]]]:
        lexicon = version.lexicon
        question = Question.of(lexicon.spelling.corrected(query), lexicon.vocabulary)
        cut = parts.cut(question.text)
        asked = [Question.of(part, lexicon.vocabulary) for part in cut] if len(cut) > 1 else [question]
        try:
            return version, question, asked, await self._legs.of(version, asked, settings)
        except RetrievalError:
            self._versions.forget(version)
            raise

    async def _ranked(
        self,
        version: Version,
        question: Question,
        asked: Sequence[Question],
        legs: Sequence[Sequence[Leg]],
        settings: SearchSettings,
        today: date,
    ) -> list[Judged]:
        fused = [fuse(each, settings.candidates, settings.fusion) for each in legs]
        if len(asked) == 1:
            return boosted(rank(question, fused[0], version.lexicon), settings.boosts, today)
        found = [Part(part, candidates) for part, candidates in zip(asked, fused, strict=True)]
        boosts = settings.boosts
        factors_of = (lambda payload: factors(payload, boosts, today)) if boosts else None
        return await self._blocking(lambda: long_question.rank(question.text, found, version.lexicon, factors_of))

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
                found = await self._legs.of(version, [question], settings)
            legs = _holding(found[0], today)
            return rank(question, fuse(legs, settings.candidates, settings.fusion), version.lexicon)

        return search

    async def version(self) -> Version:
        """The version that is searched now."""
        # Most searches come within a moment of another, and need no thread.
        version = self._versions.fresh()
        if version is None:
            version = await self._blocking(self._versions.current)
        if self._graphs:
            self._graphs.prepare(version)
        return version

    async def _blocking(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)


def _holding(legs: Sequence[Leg], today: date) -> list[Leg]:
    return [Leg(leg.name, leg.weight, holding(leg.found, today)) for leg in legs]


def _left_out(
    found: Sequence[Sequence[Leg]], legs: Sequence[Sequence[Leg]], ranked: Sequence[Judged], chosen: Sequence[Judged]
) -> dict[str, int]:
    """How many rows of `found` are not in `legs`, and how many hits among the chosen ones repeat a better one."""
    return {
        "invalidToday": _rows(found) - _rows(legs),
        "repeated": ranked.index(chosen[-1]) + 1 - len(chosen) if chosen else 0,
    }


def _rows(legs: Sequence[Sequence[Leg]]) -> int:
    return sum(len(leg.found) for each in legs for leg in each)
