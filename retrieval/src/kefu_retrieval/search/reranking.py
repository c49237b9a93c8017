"""The best candidates put into their final order by a reranker, which a search never waits for longer than its budget, nor fails by.

The reranker decides the order, not whether there is an answer: a hit keeps its confidence, and a response is as sure as its surest
hit. So the threshold means the same while the reranker is away.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kefu_api.documents import index as document
from kefu_api.wire.search import RerankerReport
from kefu_retrieval.errors import RerankerFailed, RetrievalError
from kefu_retrieval.metrics import LEG_SECONDS
from kefu_retrieval.rerankers.protocol import Reranker, relevance
from kefu_retrieval.search.boosts import lift
from kefu_retrieval.search.ranking import Judged, full

PATIENT = 30.0
"""Seconds that a golden question waits: nobody else does, and the judgement must not tell how busy the machine was."""
STRIKES = 3
"""Times in a row that it is late or fails before it is left alone."""
REST = 10.0
"""Seconds for which it is left alone then, so that not every search pays for it."""

log = logging.getLogger(__name__)

Outcome = Literal["reranked", "late", "failed", "resting", "broken", "skipped"]
Make = Callable[[document.Reranker], Reranker]


def no_reranker(by: document.Reranker) -> Reranker:
    """What makes rerankers where there are none."""
    raise RerankerFailed(f"no reranker of kind {by.kind} can be made here")


@dataclass(frozen=True)
class Reranked:
    """Candidates in their final order, and what came of asking."""

    ranked: list[Judged]
    report: RerankerReport


class Reranking:
    """Asks one reranker about the best candidates."""

    def __init__(
        self,
        reranker: Reranker | None,
        candidates: int,
        budget: float,
        *,
        fault: str = "",
        kind: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`reranker`: None where it cannot be loaded, for which `fault` says why; `budget`: seconds that a search waits."""
        self.reranker = reranker
        self._kind = reranker.kind if reranker else kind
        self._candidates = candidates
        self._budget = budget
        self._fault = fault
        self._clock = clock
        self._strikes = 0
        self._rests_until = clock()

    @classmethod
    def of(cls, settings: document.Reranking | None, make: Make) -> "Reranking | None":
        """That of an index document; None where it has none. One that cannot be loaded orders nothing, and says so."""
        if settings is None:
            return None
        try:
            return cls(make(settings.by), settings.candidates, settings.budget_seconds)
        except RetrievalError as error:
            log.error("searching without the reranker", extra={"reason": error.reason, "error": str(error)})
            return cls(None, settings.candidates, settings.budget_seconds, fault=str(error), kind=settings.by.kind)

    @property
    def fault(self) -> str:
        """Why it cannot be loaded; empty where it is."""
        return self._fault

    def patient(self) -> "Reranking":
        """The same reranker for golden questions, which wait for it."""
        return Reranking(
            self.reranker, self._candidates, PATIENT, fault=self._fault, kind=self._kind, clock=self._clock
        )

    async def close(self) -> None:
        """Give back what the reranker holds."""
        if self.reranker:
            await self.reranker.close()

    async def order(self, question: str, ranked: Sequence[Judged], *, whole: bool = True) -> Reranked:
        """Candidates in their final order; `whole`: the question was not looked up in parts, which no passage answers alone."""
        began = self._clock()
        outcome, detail, scores = await self._scores(question, ranked, whole)
        report = RerankerReport(
            kind=self._kind,
            outcome=outcome,
            candidates=len(scores),
            seconds=round(self._clock() - began, 4),
            detail=detail,
        )
        return Reranked(reordered(ranked, scores), report)

    async def _scores(self, question: str, ranked: Sequence[Judged], whole: bool) -> tuple[Outcome, str, list[float]]:
        window = ranked[: self._candidates]
        if self.reranker is None:
            return "broken", self._fault, []
        if not whole or len(window) < 2:
            return "skipped", "looked up in parts" if not whole else "nothing to order", []
        if self._clock() < self._rests_until:
            return "resting", "it failed or was late a moment ago", []
        try:
            with LEG_SECONDS.labels("rerank").time():
                async with asyncio.timeout(self._budget):
                    scores = await self.reranker.score(question, [full(judged.payload) for judged in window])
        except TimeoutError:
            return "late", self._struck(f"no scores within {self._budget:g} s"), []
        except RetrievalError as error:
            return "failed", self._struck(str(error)), []
        self._strikes = 0
        return "reranked", "", scores

    def _struck(self, why: str) -> str:
        """Count it; after some in a row leave the reranker alone for a while."""
        self._strikes += 1
        log.warning("answering in the order before the reranker", extra={"error": why, "strikes": self._strikes})
        if self._strikes >= STRIKES:
            self._rests_until = self._clock() + REST
        return why


def reordered(ranked: Sequence[Judged], scores: Sequence[float]) -> list[Judged]:
    """The first candidates in the order of their log-odds, boosts included, ties as they were; those without behind them."""
    window = [replace(each, relevance=round(relevance(score), 6)) for each, score in zip(ranked, scores, strict=False)]
    order = sorted(range(len(window)), key=lambda place: -(scores[place] + lift(window[place].boosts)))
    return [*(window[place] for place in order), *ranked[len(window) :]]
