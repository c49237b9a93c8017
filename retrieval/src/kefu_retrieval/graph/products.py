"""Facts of records: what each product is, is called, and has. What it fits is read when all names are known."""

import re
from collections.abc import Iterable, Sequence

from kefu_retrieval.graph import fields, values, words
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.facts import WORD, Called, Facts, Has, IsA, Product
from kefu_retrieval.graph.naming import bare, class_in, is_name
from kefu_retrieval.graph.phrases import phrase, plain
from kefu_retrieval.graph.records import Record
from kefu_retrieval.sources.tables import columns

CELLS = 64
"""Attributes of one product."""
PARTS = 8
"""Values of one cell, and classes of one product."""
_UNITS_BY_DEFAULT = {"price": "cny"}
_LIST = re.compile(r"[、,，/;；|]")


class Products:
    """Adds records to facts."""

    def __init__(self, facts: Facts, declared: Declared) -> None:
        self._facts = facts
        self._declared = declared
        self.lists: list[tuple[Product, str, bool]] = []
        """Cells that list what a product fits (True), or does not."""
        self.prose: list[tuple[Product, str]] = []
        """What else is said of a product."""

    def add(self, record: Record) -> None:
        """One product, or more of one that is known: a long record is cut into several passages."""
        facts = self._facts
        if record.id not in facts.products and len(facts.products) >= self._declared.most:
            facts.left_out += 1
            return
        chunk = record.payload.chunk
        product = facts.products.setdefault(record.id, Product(record.id, record.name, chunk, record.whole))
        for column, cell in record.cells[:CELLS]:
            self._cell(product, column, cell, chunk)
        for tag in record.tags:
            self._is_a(product, tag)
        if of_title := class_in(record.name):
            facts.is_a.add(IsA(product.id, of_title))
            facts.classes.setdefault(of_title, set())
        brands = [cell for column, cell in record.cells if self._declared.key(column) == words.BRAND]
        self._called(product, [record.name, record.id.partition("#")[2], *bare(record.name, brands)])
        if record.whole and (prose := fields.prose(record.payload.text)):
            self.prose.append((product, prose))
            self._flags(product, prose, chunk)

    def _cell(self, product: Product, column: str, cell: str, chunk: str) -> None:
        key = self._declared.key(column)
        if key == words.CATEGORY:
            self._is_a(product, cell)
        elif key in (words.FITS, words.UNFIT):
            self.lists.append((product, cell, key == words.FITS))
        elif key:
            self._has(product, key, column, cell, chunk)
            if key == words.FEATURES:
                self._flags(product, cell, chunk)
            if key == words.MODEL:
                self._called(product, [cell])

    def _has(self, product: Product, key: str, column: str, cell: str, chunk: str) -> None:
        found = fields.read(column, cell)
        if found.low is not None and not found.unit and key in _UNITS_BY_DEFAULT:
            found = values.Value(found.text, found.low, found.high, _UNITS_BY_DEFAULT[key], found.flag)
        if key not in words.attributes():
            self._facts.labels.setdefault(key, column)
        parts = _listed(cell) if found.low is None and found.flag is None else ()
        several = [values.Value(part) for part in parts] or [found]
        self._facts.has += [Has(product.id, key, each, chunk) for each in several]

    def _flags(self, product: Product, text: str, chunk: str) -> None:
        """Attributes that prose states or denies by name, unless a cell of their own says it."""
        said = {has.key for has in self._facts.has[-CELLS:] if has.product == product.id}
        written = plain(text)
        for mention in words.flagged().find(written):
            key = mention.meanings[0]
            if key not in said:
                holds = not values.NEGATION.search(written[max(0, mention.start - 12) : mention.start])
                found = values.Value(written[mention.start : mention.end], flag=holds)
                self._facts.has.append(Has(product.id, key, found, chunk))
                said.add(key)

    def _is_a(self, product: Product, cell: str) -> None:
        """The last part of a path is the class: `数码 > 充电器`; several stand between commas."""
        for part in columns.tags(cell)[:PARTS]:
            name = part.replace("＞", ">").split(">")[-1].split("/")[-1].strip()
            of = words.class_of(name)
            if of:
                self._facts.classes.setdefault(of, set()).add(name)
                self._facts.is_a.add(IsA(product.id, of))

    def _called(self, product: Product, names: Iterable[str]) -> None:
        self._facts.called |= {Called(product.id, phrase(name)) for name in names if is_name(name)}


def _listed(cell: str) -> Sequence[str]:
    """The parts of a short list: 黑色、白色; nothing where the cell is no list."""
    parts = [part.strip() for part in _LIST.split(cell) if part.strip()]
    return parts if 1 < len(parts) <= PARTS and max(map(len, parts)) <= WORD else ()
