"""Evidence from every knowledge target, searched side by side and merged by confidence."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from kefu_api.wire.search import Hit, SearchResponse
from kefu_serving.errors import KnowledgeError
from kefu_serving.metrics import Metrics
from kefu_serving.tracing import Tracing
from kefu_serving.turn.state import Evidence, Turn


class Searcher(Protocol):
    """One knowledge target; raises KnowledgeError."""

    name: str

    async def search(self, query: str, history: Sequence[str], headers: Mapping[str, str]) -> SearchResponse:
        """Ranked evidence for the query; `history` holds the customer's earlier questions, latest last."""
        ...


def merge(found: Sequence[SearchResponse]) -> Evidence:
    """One ranking out of several: by confidence, which alone is comparable between responses; each response's own order, which a
    reranker may have made, is kept: a hit stands where the surest of those that it may not stand behind does.

    A document that several targets return is kept once. The version names its index when there is more than one.
    """
    placed = [each for response in found for each in zip(_places(response.hits), response.hits, strict=True)]
    hits = [hit for _, hit in sorted(placed, key=lambda each: -each[0])]
    versions = [r.version if len(found) == 1 else f"{r.index}={r.version}" for r in found]
    return Evidence(
        hits=tuple({hit.chunk: hit for hit in reversed(hits)}.values())[::-1],
        confidence=max((r.confidence for r in found), default=0.0),
        answerable=any(r.answerable for r in found),
        version=",".join(versions) or None,
    )


def _places(hits: Sequence[Hit]) -> list[float]:
    """For each hit the confidence of the surest from it on: it never rises."""
    return list(accumulate((hit.confidence for hit in reversed(hits)), max))[::-1]


class Retrieve:
    """Searches all targets. Some may be away as long as the others hold an answer."""

    def __init__(self, targets: Sequence[Searcher], tracing: Tracing, metrics: Metrics) -> None:
        self._targets = targets
        self._tracing = tracing
        self._metrics = metrics

    async def run(self, turn: Turn) -> None:
        """Sets `evidence`; leaves it None when the knowledge cannot be looked up."""
        with self._tracing.span("retrieve", {"kefu.targets": len(self._targets)}):
            headers = self._tracing.headers()
            earlier = [exchange.question for exchange in turn.history]
            tasks = [target.search(turn.question, earlier, headers) for target in self._targets]
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for fault in (r for r in results if isinstance(r, BaseException)):
            if not isinstance(fault, KnowledgeError):
                raise fault
            self._metrics.upstream_error(fault.code, str(fault))
        evidence = merge([r for r in results if isinstance(r, SearchResponse)])
        whole = all(isinstance(r, SearchResponse) for r in results)
        turn.evidence = evidence if whole or evidence.answerable else None
