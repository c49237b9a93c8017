"""From a plan to Cypher. Every constraint has three readings: it holds, something is known about it, and the path that shows it.

Parameters carry everything that comes from a question; the text of a query is made of this module's own words alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from kefu_retrieval.graph.facts import ANY
from kefu_retrieval.graph.plan import Comparison, Flag, Ruling, Selection, Word

MOST = 200
"""Products or passages that one query gives."""
_DEPTH = "*0..4"
"""How far a class is followed to those that it is a kind of."""


@dataclass(frozen=True)
class Query:
    """Cypher and its parameters."""

    text: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Clause:
    """One constraint on a product `p`."""

    said: str
    """As a person reads it."""
    holds: str
    known: str
    """Whether the graph says anything of it."""
    path: str
    """A MATCH that binds what shows it, with a RETURN of one text."""
    parameters: dict[str, object]


def clauses(selection: Selection) -> list[Clause]:
    """The constraints of a selection, in the order in which a person would check them."""
    return list(_clauses(selection))


def select(selection: Selection) -> Query:
    """Products that hold every clause, in the wanted order: id, name, chunk, whether the chunk is theirs alone."""
    made = clauses(selection)
    order = "ORDER BY p.name, p.id"
    parameters = _merged(made)
    match = "MATCH (p:Product)"
    if selection.order:
        match += "-[o:HAS]->(:Attribute {key: $ordered})"
        parameters["ordered"] = selection.order.key
        order = f"ORDER BY o.low {'ASC' if selection.order.ascending else 'DESC'}, p.name, p.id"
    where = _where([*(clause.holds for clause in made), *(["o.low IS NOT NULL"] if selection.order else [])])
    columns = "p.id, p.name, p.chunk, p.whole" + (", o.low" if selection.order else "")
    return Query(f"{match} {where}RETURN DISTINCT {columns} {order} LIMIT {MOST}", parameters)


def contradicted(selection: Selection, products: Iterable[str]) -> Query:
    """Which of these products are known to break a clause."""
    made = [clause for clause in clauses(selection) if clause.known]
    broken = " OR ".join(f"({clause.known} AND NOT {clause.holds})" for clause in made) or "false"
    parameters = {**_merged(made), "products": list(products)}
    return Query(f"MATCH (p:Product) WHERE p.id IN $products AND ({broken}) RETURN p.id", parameters)


def usual() -> Iterator[Query]:
    """Queries of the shapes that most questions have, to be planned before a customer waits: planning takes longer than answering."""
    number, flag = Comparison("", "atMost", 0, 0, "", ""), Flag("", True, "")
    for fits, numbers, flags in product((("",), ()), ((), (number,)), ((), (flag,))):
        selection = Selection(("",), (), fits, numbers, flags, (), None, 1.0)
        yield select(selection)
        yield contradicted(selection, [""])


def path(clause: Clause, name: str) -> Query:
    """What shows that a product holds a clause: one text a row."""
    return Query(f"{clause.path} LIMIT 1", {**clause.parameters, "product": name})


def ruling(plan: Ruling) -> Query:
    """Passages that speak of a product's classes, or of these classes and their kinds, on a topic.

    Columns: chunk, title, what it says, the class it names, the product, how many of the topics.
    """
    if plan.named:
        way = (
            f"MATCH (p:Product)-[:CALLED]->(m:Model) WHERE m.name IN $named MATCH (p)-[:IS_A]->(:Class)-[:UNDER{_DEPTH}]->"
            "(c:Class)<-[a:APPLIES_TO]-(r:Policy)"
        )
        who = "min(p.name)"
    else:
        way = (
            f"MATCH (c:Class)-[:UNDER{_DEPTH}]->(w:Class) WHERE w.name IN $classes MATCH (r:Policy)-[a:APPLIES_TO]->(c)"
        )
        who = "''"
    text = (
        f"{way} MATCH (r)-[:ABOUT]->(t:Topic) WHERE t.name IN $topics "
        f"RETURN r.chunk, r.title, a.says, c.name, {who}, count(DISTINCT t.name) AS topics "
        f"ORDER BY topics DESC, r.chunk LIMIT {MOST}"
    )
    parameters: dict[str, object] = {"topics": list(plan.topics)}
    parameters |= {"named": list(plan.named)} if plan.named else {"classes": list(plan.classes)}
    return Query(text, parameters)


def _clauses(selection: Selection) -> Iterator[Clause]:
    if selection.classes:
        yield Clause(
            said=f"class {' or '.join(selection.classes)}",
            holds=f"EXISTS {{ MATCH (p)-[:IS_A]->(:Class)-[:UNDER{_DEPTH}]->(c:Class) WHERE c.name IN $classes }}",
            known="",
            path=f"MATCH (p:Product {{id: $product}})-[:IS_A]->(k:Class)-[:UNDER{_DEPTH}]->(c:Class) WHERE c.name IN $classes "
            "RETURN p.name + ' is a ' + k.name",
            parameters={"classes": list(selection.classes)},
        )
    if selection.named:
        yield Clause(
            said=f"product {' or '.join(selection.named)}",
            holds="EXISTS { MATCH (p)-[:CALLED]->(n:Model) WHERE n.name IN $named }",
            known="",
            path="MATCH (p:Product {id: $product})-[:CALLED]->(n:Model) WHERE n.name IN $named RETURN p.name",
            parameters={"named": list(selection.named)},
        )
    for number, model in enumerate(selection.fits):
        yield _fits(f"fits{number}", model)
    for number, comparison in enumerate(selection.comparisons):
        yield _comparison(f"number{number}", comparison)
    for number, flag in enumerate(selection.flags):
        yield _flag(f"flag{number}", flag)
    for number, word in enumerate(selection.words):
        yield _word(f"word{number}", word)


def _fits(name: str, model: str) -> Clause:
    """By name; by the class of what is called so, or everything; or the other way round. What is excluded never fits."""
    kinds = f"<-[:UNDER{_DEPTH}]-(:Class)<-[:IS_A]-(q:Product)-[:CALLED]->(:Model {{name: ${name}}})"
    ways = (
        f"EXISTS {{ MATCH (p)-[:FITS]->(:Model {{name: ${name}}}) }}",
        f"EXISTS {{ MATCH (p)-[:FITS]->(:Class {{name: '{ANY}'}}) }}",
        f"EXISTS {{ MATCH (p)-[:FITS]->(:Class){kinds} }}",
        f"EXISTS {{ MATCH (p)-[:CALLED]->(:Model)<-[:FITS]-(:Product)-[:CALLED]->(:Model {{name: ${name}}}) }}",
    )
    excluded = (
        f"EXISTS {{ MATCH (p)-[:EXCLUDES]->(:Model {{name: ${name}}}) }}",
        f"EXISTS {{ MATCH (p)-[:EXCLUDES]->(:Class){kinds} }}",
    )
    start = "MATCH (p:Product {id: $product})"
    shown = (
        f"{start}-[:FITS]->(m:Model {{name: ${name}}}) RETURN p.name + ' fits ' + m.name",
        f"{start}-[:FITS]->(:Class {{name: '{ANY}'}}) RETURN p.name + ' fits everything'",
        f"{start}-[:FITS]->(c:Class){kinds} RETURN p.name + ' fits every ' + c.name + ', and ' + q.name + ' is one'",
        (
            f"{start}-[:CALLED]->(m:Model)<-[:FITS]-(q:Product)-[:CALLED]->(:Model {{name: ${name}}}) "
            "RETURN q.name + ' fits ' + m.name"
        ),
    )
    return Clause(
        said=f"fits {model}",
        holds=f"(({' OR '.join(ways)}) AND NOT ({' OR '.join(excluded)}))",
        known="(EXISTS { MATCH (p)-[:FITS]->() } OR EXISTS { MATCH (p)-[:EXCLUDES]->() })",
        path=" UNION ".join(shown),
        parameters={name: model},
    )


def _comparison(name: str, comparison: Comparison) -> Clause:
    test = {
        "atMost": f"h.high <= ${name}_high",
        "atLeast": f"h.low >= ${name}_low",
        "within": f"h.low <= ${name}_high AND h.high >= ${name}_low",
    }[comparison.is_]
    return _has(
        name,
        comparison.key,
        f"h.unit = ${name}_unit AND {test}",
        f"h.unit = ${name}_unit",
        f"{comparison.key} {comparison.said}",
        {
            f"{name}_unit": comparison.unit,
            **({} if comparison.is_ == "atLeast" else {f"{name}_high": comparison.high * (1 + 1e-9)}),
            **({} if comparison.is_ == "atMost" else {f"{name}_low": comparison.low * (1 - 1e-9)}),
        },
    )


def _flag(name: str, flag: Flag) -> Clause:
    said = f"{flag.key}: {'yes' if flag.wanted else 'no'}"
    return _has(name, flag.key, f"h.flag = ${name}", "h.flag IS NOT NULL", said, {name: flag.wanted})


def _word(name: str, word: Word) -> Clause:
    said = f"{word.key} {word.said}"
    return _has(name, word.key, f"h.word = ${name}", "h.word <> ''", said, {name: word.word})


def _has(name: str, key: str, test: str, known: str, said: str, parameters: dict[str, object]) -> Clause:
    attribute = f"(:Attribute {{key: ${name}_key}})"
    return Clause(
        said=said,
        holds=f"EXISTS {{ MATCH (p)-[h:HAS]->{attribute} WHERE {test} }}",
        known=f"EXISTS {{ MATCH (p)-[h:HAS]->{attribute} WHERE {known} }}",
        path=f"MATCH (p:Product {{id: $product}})-[h:HAS]->(a:Attribute {{key: ${name}_key}}) WHERE {test} "
        "RETURN p.name + ' has ' + a.key + ' ' + h.text",
        parameters={f"{name}_key": key, **parameters},
    )


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)} " if conditions else ""


def _merged(made: Iterable[Clause]) -> dict[str, object]:
    return {name: value for clause in made for name, value in clause.parameters.items()}
