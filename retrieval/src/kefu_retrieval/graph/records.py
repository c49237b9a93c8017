"""Records in a passage: a product that is a document, or the rows of a table of products."""

from collections.abc import Iterator
from dataclasses import dataclass

from kefu_retrieval.graph import fields, words
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.naming import class_in
from kefu_retrieval.graph.phrases import phrase
from kefu_retrieval.sources.tables import columns
from kefu_retrieval.store.rows import Payload

TELLING = 2
"""Lines with a known attribute from which a page is a product's."""
_NAMING = frozenset(
    map(
        phrase,
        ("goods", "product", "products", "item", "items", "型号", "机型", "款式", "产品", "货品", "model", "models"),
    )
)


@dataclass(frozen=True)
class Record:
    """Something with a name and named cells."""

    id: str
    name: str
    cells: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    payload: Payload
    whole: bool
    """Whether the passage speaks of it alone."""


def records(payload: Payload, declared: Declared) -> Iterator[Record]:
    """The products that a passage holds; none where it is prose, or speaks of classes."""
    cells = tuple(fields.lines(payload.text))
    keys = [declared.key(column) for column, _ in cells]
    telling = sum(key in words.attributes() for key in keys)
    is_row = "#" in payload.document and bool(telling or payload.tags)
    if is_row or (telling >= TELLING and (words.CATEGORY in keys or class_in(payload.title))):
        yield Record(payload.document, payload.title, cells, payload.tags, payload, whole=True)
        return
    for table in fields.tables(payload.text):
        yield from _rows(payload, table, declared)


def _rows(payload: Payload, table: fields.Table, declared: Declared) -> Iterator[Record]:
    """A table of products has a column that names them, and others that any shop knows; rows of classes are policies."""
    keys = [declared.key(column) for column in table.header]
    naming = next((at for at, column in enumerate(table.header) if _names_products(column)), None)
    if naming is None or not any(key in words.attributes() for at, key in enumerate(keys) if at != naming):
        return
    tags = () if words.CATEGORY in keys else _classes_above(payload)
    for row in table.rows:
        name = row[naming]
        if name and not (class_in(name) and not any(map(str.isdigit, name))):
            cells = tuple((column, cell) for column, cell in zip(table.header, row, strict=True) if cell)
            yield Record(f"{payload.document} › {name}", name, cells, tags, payload, whole=False)


def _classes_above(payload: Payload) -> tuple[str, ...]:
    """The class that the headings above a table name, or its page's tags."""
    for text in (*reversed(payload.headings), payload.title):
        if found := class_in(text):
            return (found,)
    return payload.tags


def _names_products(column: str) -> bool:
    return "title" in columns.meaning((column,)) or phrase(column) in _NAMING
