"""What a graph makes of a search: hits that it proves come first, hits that it disproves go, the others stay as they are."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Protocol, TypeVar

from kefu_api.wire.search import GraphReport
from kefu_retrieval.graph import cypher
from kefu_retrieval.graph.graph import Graph, Product
from kefu_retrieval.graph.phrases import plain
from kefu_retrieval.graph.plan import Ruling, Selection
from kefu_retrieval.search.confidence import Evidence
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged
from kefu_retrieval.search.validity import holds

T = TypeVar("T")

MOST = 50
"""Hits that a graph brings: as many as a search may give."""
PATHS = 10
"""Hits whose paths are told."""
NONE = Evidence(*[0.0] * len(Evidence._fields))

Again = Callable[[str], Awaitable[Sequence[Judged]]]
"""Searches the same version for another wording, and judges what comes."""


def sureness(understood: float) -> float:
    """Confidence of a product that holds every constraint of a question of which this part is understood.

    On the made-up catalogue of `tests/benchmarks/retrieval/catalogue.py` all constraints hold of every product that is
    found; a question of which little is understood may have constraints that were not seen.
    """
    return round(0.5 + 0.45 * min(1.0, understood), 4)


@dataclass(frozen=True)
class Consultation:
    """A search after the graph was asked."""

    first: Sequence[Judged]
    """What the graph proves, in its order."""
    ranked: Sequence[Judged]
    """The rest."""
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Why, by chunk; only where it was asked for."""
    report: GraphReport | None = None
    """None for a question that is none for the graph."""
    contradicted: int = 0
    """Hits that were dropped."""


@dataclass(frozen=True)
class Asked:
    """One search, as far as the graph wants to know it."""

    question: Question
    ranked: Sequence[Judged]
    today: date
    explain: bool
    again: Again


class Blocking(Protocol):
    """Runs a blocking call elsewhere than on the event loop."""

    async def __call__(self, act: Callable[[], T], /) -> T: ...


class Consulting:
    """Asks the graph of one version."""

    def __init__(self, graph: Graph, blocking: Blocking) -> None:
        self._graph = graph
        self._blocking = blocking

    async def __call__(self, asked: Asked) -> Consultation:
        """The search's hits as the graph would have them.

        Raises:
            GraphFailed: the graph takes too long.
            RetrievalError: the second search of a policy question failed.
        """
        plan = self._graph.plan(asked.question.text, asked.question.concepts)
        if isinstance(plan, Selection):
            return await self._blocking(partial(self._select, plan, asked))
        if isinstance(plan, Ruling):
            return await self._rule(plan, asked)
        return Consultation((), asked.ranked)

    def _select(self, plan: Selection, asked: Asked) -> Consultation:
        found = [each for each in self._graph.select(plan) if holds(each.payload, asked.today)]
        documents = [judged.payload.document for judged in asked.ranked]
        # What is known of one certain product is the answer, whatever it is.
        broken = set() if plan.named else self._graph.contradicted(plan, documents)
        kept = [judged for judged in asked.ranked if judged.payload.document not in broken]
        first = _proven(plan, found, kept)
        proven = {judged.payload.chunk for judged in first}
        return Consultation(
            first=first,
            ranked=[judged for judged in kept if judged.payload.chunk not in proven],
            paths=self._paths(plan, found) if asked.explain else {},
            report=_report(plan, found) if asked.explain else None,
            contradicted=len(asked.ranked) - len(kept),
        )

    def _paths(self, plan: Selection, found: Sequence[Product]) -> dict[str, tuple[str, ...]]:
        made = cypher.clauses(plan)
        paths: dict[str, tuple[str, ...]] = {}
        for product in found[:PATHS]:
            chunk = product.payload.chunk
            paths[chunk] = (*paths.get(chunk, ()), *self._graph.path(made, product))
        return paths

    async def _rule(self, plan: Ruling, asked: Asked) -> Consultation:
        """Hits of the same question about the product's class that speak of this class; judged as any hit is."""
        policies = {policy.payload.chunk: policy for policy in await self._blocking(partial(self._graph.rule, plan))}
        ranked = list(asked.ranked)
        if plan.named and policies:
            of = next(iter(policies.values())).of
            better = {judged.payload.chunk: judged for judged in await asked.again(self._said(plan, asked, of))}
            ranked = _surer(ranked, [judged for chunk, judged in better.items() if chunk in policies])
        if not asked.explain:
            return Consultation((), ranked)
        paths = {
            judged.payload.chunk: (policies[judged.payload.chunk].path,)
            for judged in ranked
            if judged.payload.chunk in policies
        }
        query = cypher.ruling(plan)
        constraints = (
            f"{'product' if plan.named else 'class'} {' or '.join(plan.named or plan.classes)}",
            f"topics {', '.join(plan.topics)}",
        )
        report = GraphReport(
            constraints=constraints, cypher=query.text, parameters=_told(query.parameters), found=len(policies)
        )
        return Consultation((), ranked, paths, report)

    def _said(self, plan: Ruling, asked: Asked, of: str) -> str:
        """The question with the product's class in the product's place, in the question's language."""
        text = plain(asked.question.text)
        words = self._graph.speech.classes.get(of, (of,))
        same = [word for word in words if word.isascii() == (asked.question.language == "en")]
        name = min(same or words, key=lambda word: (len(word), word))
        start, end = plan.place
        return f"{text[:start]} {name} {text[end:]}".strip()


def _proven(plan: Selection, found: Sequence[Product], ranked: Sequence[Judged]) -> list[Judged]:
    """One hit a chunk, surer than whatever the search found beside it; those that the search ranks first come first."""
    known = {judged.payload.chunk: judged for judged in ranked}
    places = {chunk: place for place, chunk in enumerate(known)}
    by_chunk = {product.payload.chunk: product.payload for product in found}
    chunks = list(by_chunk) if plan.order else sorted(by_chunk, key=lambda chunk: places.get(chunk, len(places)))
    least = max([sureness(plan.understood), *(judged.confidence for judged in ranked)])
    return [
        replace(known[chunk], confidence=least)
        if chunk in known
        else Judged(Fused(by_chunk[chunk], 0.0, {}), NONE, least)
        for chunk in chunks[:MOST]
    ]


def _surer(ranked: Sequence[Judged], others: Sequence[Judged]) -> list[Judged]:
    """Both together, each chunk where it is surer, most confident first."""
    best: dict[str, Judged] = {}
    for judged in (*ranked, *others):
        held = best.get(judged.payload.chunk)
        if held is None or held.confidence < judged.confidence:
            best[judged.payload.chunk] = judged
    return sorted(best.values(), key=lambda each: (-each.confidence, -each.chunk.score))


def _report(plan: Selection, found: Sequence[Product]) -> GraphReport:
    query = cypher.select(plan)
    constraints = [clause.said for clause in cypher.clauses(plan)]
    if plan.order:
        constraints.append(f"{'least' if plan.order.ascending else 'most'} {plan.order.key} first")
    return GraphReport(
        constraints=tuple(constraints), cypher=query.text, parameters=_told(query.parameters), found=len(found)
    )


def _told(parameters: Mapping[str, object]) -> dict[str, str]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in parameters.items()
    }
