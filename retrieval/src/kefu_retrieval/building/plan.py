"""How a version is built: whole, or on another one whose documents it mostly has.

A version that is built on another (its base) stores the documents that the base lacks or has otherwise, and names those of the
base that it does not have so. What it stores grows with every version until too little of the base is left; then one is
built whole again, and is the next one's base.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu_retrieval.store.rows import mark

_RING = 2**128

Documents = Mapping[str, "Rows"]
"""Rows of documents, by the mark of their names."""


@dataclass(frozen=True)
class Policy:
    """When it is worth while to build on another version."""

    least: int = 2_000
    """Rows of a base; a smaller version is built whole in no time."""
    share: float = 0.2
    """Rows that are stored anew or passed over, as a part of the base's: beyond it searches would pay for what was saved."""
    replaced: int = 10_000
    """Documents of the base that are passed over: their names travel with the version's manifest."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows a document has, and the sum of their ids: of equal sums, what the document says is equal.

    Source: Bellare and Micciancio, "A new paradigm for collision-free hashing", EUROCRYPT 1997 (AdHASH).
    """

    count: int = 0
    sum: int = 0

    def with_id(self, row: str) -> "Rows":
        """And one more."""
        return Rows(self.count + 1, (self.sum + int(row, 16)) % _RING)


@dataclass(frozen=True)
class Plan:
    """What a version's own collection holds."""

    rows: int
    base: str | None = None
    replaced: tuple[str, ...] = ()
    """Marks of the base's documents that are passed over."""
    stored: frozenset[str] | None = None
    """Marks of the documents whose rows are stored; None: of all."""

    def stores(self, document: str) -> bool:
        """Whether the rows of this document go into the version's own collection."""
        return self.stored is None or mark(document) in self.stored


def by_document(rows: Iterable[tuple[str, str]]) -> dict[str, Rows]:
    """From documents and ids of rows."""
    found: dict[str, Rows] = {}
    for document, row in rows:
        name = mark(document)
        found[name] = found.get(name, Rows()).with_id(row)
    return found


def plan(base: str, before: Documents, after: Documents, policy: Policy) -> Plan:
    """How to build a version that is to hold `after`, where `base` holds `before`."""
    stored = {name for name, rows in after.items() if before.get(name) != rows}
    replaced = tuple(sorted(name for name, rows in before.items() if after.get(name) != rows))
    new = sum(after[name].count for name in stored)
    passed = sum(before[name].count for name in replaced)
    room = policy.share * sum(rows.count for rows in before.values())
    if new + passed > room or len(replaced) > policy.replaced:
        return whole(sum(rows.count for rows in after.values()))
    return Plan(new, base, replaced, frozenset(stored))


def whole(rows: int) -> Plan:
    """So many rows, all in one collection."""
    return Plan(rows)
