"""The graph of one version: questions in, the passages that answer them out, each with the path that leads there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu_retrieval.graph import cypher
from kefu_retrieval.graph.cypher import Clause, Query
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.extract import extract
from kefu_retrieval.graph.plan import Plan, Ruling, Selection, plan
from kefu_retrieval.graph.speech import Speech
from kefu_retrieval.graph.store import CypherStore, Record
from kefu_retrieval.search.vocabulary import Vocabulary
from kefu_retrieval.store.rows import Payload


@dataclass(frozen=True)
class Product:
    """A product that holds every constraint."""

    id: str
    name: str
    payload: Payload


@dataclass(frozen=True)
class Policy:
    """A passage that speaks of a product's class."""

    payload: Payload
    path: str
    of: str
    """The class that it names."""


class Graph:
    """Answers about one version; every method blocks for some milliseconds."""

    def __init__(self, passages: Iterable[Payload], vocabulary: Vocabulary, declared: Declared | None = None) -> None:
        """Read the facts from passages, each given once.

        Raises:
            GraphFailed: the store cannot be filled.
        """
        held: dict[str, Payload] = {}

        def seen() -> Iterable[Payload]:
            for payload in passages:
                held[payload.chunk] = payload
                yield payload

        facts = extract(seen(), vocabulary, declared)
        telling = {product.chunk for product in facts.products.values()} | facts.policies.keys()
        self._payloads: Mapping[str, Payload] = {chunk: held[chunk] for chunk in telling}
        self._store = CypherStore(facts)
        self.speech = Speech(facts)
        self.products = len(facts.products)
        self.left_out = facts.left_out

    def warm(self) -> None:
        """Have the usual queries planned.

        Raises:
            GraphFailed: one takes too long.
        """
        for query in cypher.usual():
            self._ask(query)

    def plan(self, question: str, concepts: Iterable[str]) -> Plan | None:
        """What the graph is to be asked; None where it has nothing to add."""
        return plan(question, concepts, self.speech)

    def select(self, selection: Selection) -> list[Product]:
        """Products that hold every constraint, in the wanted order, at most `cypher.MOST`.

        Raises:
            GraphFailed: it takes too long.
        """
        return [Product(row[0], row[1], self._payloads[row[2]]) for row in self._ask(cypher.select(selection))]

    def contradicted(self, selection: Selection, products: Iterable[str]) -> set[str]:
        """Which of these products are known not to hold a constraint.

        Raises:
            GraphFailed: it takes too long.
        """
        return {row[0] for row in self._ask(cypher.contradicted(selection, products))}

    def path(self, clauses: Iterable[Clause], product: Product) -> tuple[str, ...]:
        """The steps that show why a product holds these constraints.

        Raises:
            GraphFailed: it takes too long.
        """
        found = (self._ask(cypher.path(clause, product.id)) for clause in clauses)
        return tuple(dict.fromkeys(str(rows[0][0]) for rows in found if rows))

    def rule(self, ruling: Ruling) -> list[Policy]:
        """Passages that speak of the classes, those on most topics first; each passage once.

        Raises:
            GraphFailed: it takes too long.
        """
        found: dict[str, Policy] = {}
        for chunk, title, says, of, product, _ in self._ask(cypher.ruling(ruling)):
            start = f"{product} is a {of}; " if product else ""
            found.setdefault(chunk, Policy(self._payloads[chunk], f"{start}“{title}” speaks of {of}: {says}", of))
        return list(found.values())

    def _ask(self, query: Query) -> list[Record]:
        return self._store.ask(query.text, query.parameters)
