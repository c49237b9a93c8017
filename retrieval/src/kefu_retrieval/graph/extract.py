"""From a version's passages to its facts, without a model: records, tables, `key: value` lines, headings and fixed phrases.

Two passes. The first finds what is sold, with attributes and names. The second, which knows all names and classes, reads what
fits what, and which passages speak of which classes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kefu_retrieval.chunks import sentences
from kefu_retrieval.graph import compatible, fields, values, words
from kefu_retrieval.graph.facts import ANY, WORD, About, Applies, Called, Facts, Fits, Has, IsA, Product, Under
from kefu_retrieval.graph.phrases import Phrases, phrase, plain, tokens
from kefu_retrieval.search.vocabulary import Vocabulary
from kefu_retrieval.sources.tables import columns
from kefu_retrieval.sources.text.language import HAN
from kefu_retrieval.store.rows import Payload

CELLS = 64
"""Attributes of one product."""
CLASSES = 8
"""Classes that one passage may speak of; one that names more is a list of them."""
_NAMING = frozenset(
    {"goods", "product", "products", "item", "items", "型号", "机型", "款式", "产品", "货品", "model", "models"}
)
_UNITS_BY_DEFAULT = {"price": "cny"}
_SENTENCE = 200
_LATIN = re.compile(r"[a-z][a-z0-9+-]*(?: [a-z0-9+-]+)*")
_LIST = re.compile(r"[、,，/;；|]")
_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True)
class Declared:
    """What an index says of its products."""

    sources: tuple[str, ...] = ()
    """Sources that hold products; empty: all."""
    category: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    """Columns that hold the class, and what a product fits, beside those whose names say so."""
    most: int = 20_000
    """Products; those beyond are left out."""


@dataclass(frozen=True)
class _Record:
    """Something with named cells."""

    id: str
    name: str
    cells: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    payload: Payload
    whole: bool


def extract(passages: Iterable[Payload], vocabulary: Vocabulary, declared: Declared | None = None) -> Facts:
    """The facts of passages, each given once."""
    return _Extraction(vocabulary, declared or Declared()).run(passages)


class _Extraction:
    def __init__(self, vocabulary: Vocabulary, declared: Declared) -> None:
        self._vocabulary = vocabulary
        self._declared = declared
        self._keys = {phrase(name): words.CATEGORY for name in declared.category} | {
            phrase(name): words.FITS for name in declared.fits
        }
        self._facts = Facts()
        self._lists: list[tuple[Product, str, bool]] = []
        """Cells that list what a product fits (True) or does not."""
        self._prose: list[tuple[Product, str]] = []

    def run(self, passages: Iterable[Payload]) -> Facts:
        others: list[Payload] = []
        for payload in passages:
            records = list(self._records(payload))
            for record in records:
                self._product(record)
            if not records:
                others.append(payload)
        self._classes()
        names = self._names()
        for product, cell, fits in self._lists:
            self._fits(product, compatible.listed(cell), names, known_only=False, otherwise=fits)
        for product, text in self._prose:
            self._fits(product, compatible.said(text), names, known_only=True, otherwise=True)
        fitted = {(each.product, each.target) for each in self._facts.fits}
        self._facts.called = {each for each in self._facts.called if (each.product, each.model) not in fitted}
        for payload in others:
            self._policy(payload, names)
        return self._facts

    def _records(self, payload: Payload) -> Iterator[_Record]:
        source = payload.document.split("/", 1)[0]
        if self._declared.sources and source not in self._declared.sources:
            return
        cells = fields.lines(payload.text)
        keys = [self._key(column) for column, _ in cells]
        telling = sum(key in words.attributes() for key in keys)
        if ("#" in payload.document and (telling or payload.tags)) or (
            telling >= 2 and (words.CATEGORY in keys or self._class_in(payload.title))
        ):
            yield _Record(payload.document, payload.title, tuple(cells), payload.tags, payload, whole=True)
        else:
            for table in fields.tables(payload.text):
                yield from self._rows(payload, table)

    def _rows(self, payload: Payload, table: fields.Table) -> Iterator[_Record]:
        """A table of products has a column that names them, and others that any shop knows; rows of classes are policies."""
        keys = [self._key(column) for column in table.header]
        naming = next((at for at, column in enumerate(table.header) if _names_products(column)), None)
        if naming is None or not any(key in words.attributes() for at, key in enumerate(keys) if at != naming):
            return
        for row in table.rows:
            name = row[naming]
            if name and not (self._class_in(name) and not any(map(str.isdigit, name))):
                cells = tuple((column, cell) for column, cell in zip(table.header, row, strict=True) if cell)
                tags = () if words.CATEGORY in keys else self._classes_above(payload)
                yield _Record(f"{payload.document} › {name}", name, cells, tags, payload, whole=False)

    def _classes_above(self, payload: Payload) -> tuple[str, ...]:
        """The class that the headings above a table name, or its page's tags."""
        for text in (*reversed(payload.headings), payload.title):
            if found := self._class_in(text):
                return (found,)
        return payload.tags

    def _product(self, record: _Record) -> None:
        facts = self._facts
        if record.id not in facts.products and len(facts.products) >= self._declared.most:
            facts.left_out += 1
            return
        chunk = record.payload.chunk
        product = facts.products.setdefault(record.id, Product(record.id, record.name, chunk, record.whole))
        brands = []
        for column, cell in record.cells[:CELLS]:
            key = self._key(column)
            if key == words.CATEGORY:
                self._is_a(product, cell)
            elif key in (words.FITS, words.UNFIT):
                self._lists.append((product, cell, key == words.FITS))
            elif key == words.FEATURES:
                self._features(product, cell, chunk)
            else:
                self._has(product, key, column, cell, chunk)
                brands += [cell] if key == words.BRAND else []
                self._called(product, [cell] if key == words.MODEL else [])
        for tag in record.tags:
            self._is_a(product, tag)
        of_title = self._class_in(record.name)
        if of_title:
            facts.is_a.add(IsA(product.id, of_title))
            facts.classes.setdefault(of_title, set())
        self._called(product, [record.name, record.id.partition("#")[2], *self._bare(record.name, brands)])
        prose = fields.prose(record.payload.text) if record.whole else ""
        if prose:
            self._prose.append((product, prose))
            self._flags(product, prose, chunk)

    def _has(self, product: Product, key: str, column: str, cell: str, chunk: str) -> None:
        if not key:
            return
        found = fields.read(column, cell)
        if found.low is not None and not found.unit and key in _UNITS_BY_DEFAULT:
            found = values.Value(found.text, found.low, found.high, _UNITS_BY_DEFAULT[key], found.flag)
        if key not in words.attributes():
            self._facts.labels.setdefault(key, column)
        said = _listed(cell) if found.low is None and found.flag is None else ()
        values_ = [values.Value(part) for part in said] or [found]
        self._facts.has += [Has(product.id, key, each, chunk) for each in values_]

    def _features(self, product: Product, cell: str, chunk: str) -> None:
        self._flags(product, cell, chunk)
        self._has(product, words.FEATURES, words.FEATURES, cell, chunk)

    def _flags(self, product: Product, text: str, chunk: str) -> None:
        """Attributes that prose states or denies by name, unless a cell of their own says it."""
        said = {has.key for has in self._facts.has[-CELLS:] if has.product == product.id}
        written = plain(text)
        for mention in words.flagged().find(written):
            key = mention.meanings[0]
            if key not in said:
                holds = not values.NEGATION.search(written[max(0, mention.start - 12) : mention.start])
                self._facts.has.append(
                    Has(product.id, key, values.Value(written[mention.start : mention.end], flag=holds), chunk)
                )
                said.add(key)

    def _is_a(self, product: Product, cell: str) -> None:
        """The last part of a path is the class: `数码 > 充电器`; several stand between commas."""
        for part in columns.tags(cell)[:CLASSES]:
            name = part.replace("＞", ">").split(">")[-1].split("/")[-1].strip()
            of = words.class_of(name)
            if of:
                self._facts.classes.setdefault(of, set()).add(name)
                self._facts.is_a.add(IsA(product.id, of))

    def _called(self, product: Product, names: Iterable[str]) -> None:
        for name in names:
            model = phrase(name)
            if (
                model
                and not _class_names().exactly(name)
                and any(letter.isdigit() or letter.isascii() for letter in model)
            ):
                self._facts.called.add(Called(product.id, model))

    def _bare(self, name: str, brands: Sequence[str]) -> Iterator[str]:
        """A title without class and brand, and the Latin name in it: `X200` of 库果 X200 智能手机."""
        bare = plain(_without_class(name, " "))
        for brand in brands:
            bare = bare.replace(plain(brand), " ")
        for part in (" ".join(bare.split()), *(match.group() for match in _LATIN.finditer(bare))):
            if (
                any(map(str.isdigit, part))
                and not part.isdigit()
                and not any(found.unit for found in values.quantities(part))
            ):
                yield part

    def _classes(self) -> None:
        """Classes that are seen, those that they are kinds of, and the words for all of them."""
        facts = self._facts
        known = words.classes()
        names = {text: name for name, said in known.items() for text in said}
        names |= {text: name for name, said in facts.classes.items() for text in said}
        by_tokens = {tokens(text): name for text, name in names.items()}
        waiting = list(facts.classes)
        while waiting:
            name = waiting.pop()
            for wide in _heads({name, *facts.classes[name]}, by_tokens) - {name}:
                facts.under.add(Under(name, wide))
                if wide not in facts.classes:
                    facts.classes[wide] = set()
                    waiting.append(wide)
        for name, said in facts.classes.items():
            said |= {name, *known.get(name, ())}

    def _names(self) -> Phrases[tuple[str, str]]:
        """All names of models (`Model`) and classes (`Class`)."""
        facts = self._facts
        pairs = [(text, ("Class", name)) for name, said in _known_and(facts.classes).items() for text in said]
        pairs += [(called.model, ("Model", called.model)) for called in facts.called]
        return Phrases(pairs)

    def _fits(
        self,
        product: Product,
        listed: Iterable[tuple[str, bool]],
        names: Phrases[tuple[str, str]],
        *,
        known_only: bool,
        otherwise: bool,
    ) -> None:
        for name, fits in listed:
            holds = fits and otherwise
            if name == ANY:
                self._facts.fits.add(Fits(product.id, "Class", ANY, holds, product.chunk))
                continue
            meant = names.exactly(name) or (names.exactly(_without_class(name)) if not known_only else ())
            classes = [target for kind, target in meant if kind == "Class"]
            model = phrase(name) if not meant else next((target for kind, target in meant if kind == "Model"), "")
            if classes:
                self._facts.classes.setdefault(classes[0], set(words.classes().get(classes[0], (classes[0],))))
                self._facts.fits.add(Fits(product.id, "Class", classes[0], holds, product.chunk))
            elif model and (meant or not known_only):
                self._facts.fits.add(Fits(product.id, "Model", model, holds, product.chunk))

    def _policy(self, payload: Payload, names: Phrases[tuple[str, str]]) -> None:
        above = " ".join([payload.title, *payload.headings])
        said: dict[str, str] = {}
        for text in (above, *_statements(payload.text)):
            for mention in names.find(text):
                for kind, name in mention.meanings:
                    if kind == "Class":
                        said.setdefault(name, " ".join(text.split())[:_SENTENCE])
        if not said or len(said) > CLASSES:
            return
        facts = self._facts
        facts.policies[payload.chunk] = payload.headings[-1] if payload.headings else payload.title
        for name, text in said.items():
            facts.classes.setdefault(name, {name, *words.classes().get(name, ())})
            facts.applies.add(Applies(payload.chunk, name, text))
        for topic in self._vocabulary.concepts(f"{above} {payload.text}"):
            if not _class_names().exactly(topic):
                facts.about.add(About(payload.chunk, topic))

    def _key(self, column: str) -> str:
        return self._keys.get(phrase(column)) or words.key_of(column)

    def _class_in(self, name: str) -> str | None:
        """The class that a name ends in, or the last that it holds: 库果 C65 充电器, C65 charger (black)."""
        found = _class_names().find(name)
        return found[-1].meanings[0] if found else None


def _heads(said: Iterable[str], by_tokens: Mapping[tuple[str, ...], str]) -> set[str]:
    """Classes whose whole name these names end in."""
    found = set()
    for text in said:
        parts = tokens(text)
        for start in range(1, len(parts)):
            if parts[start:] in by_tokens and (len(parts) - start > 1 or not _is_han(parts[start])):
                found.add(by_tokens[parts[start:]])
                break
    return found


def _is_han(token: str) -> bool:
    return bool(_HAN.match(token))


def _known_and(seen: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {name: set(said) for name, said in words.classes().items()} | {
        name: set(said) for name, said in seen.items()
    }


def _listed(cell: str) -> tuple[str, ...]:
    """The parts of a short list: 黑色、白色; nothing where the cell is no list."""
    parts = [part.strip() for part in _LIST.split(cell) if part.strip()]
    return tuple(parts) if 1 < len(parts) <= CLASSES and max(map(len, parts)) <= WORD else ()


def _without_class(name: str, between: str = "") -> str:
    written = plain(name)
    for mention in reversed(_class_names().find(written)):
        written = f"{written[: mention.start]}{between}{written[mention.end :]}"
    return written.strip()


def _names_products(column: str) -> bool:
    return "title" in columns.meaning((column,)) or phrase(column) in {phrase(word) for word in _NAMING}


def _statements(text: str) -> Iterator[str]:
    """Sentences and table rows."""
    return (part for part in sentences.split(text, _SENTENCE) if part.strip())


def _class_names() -> Phrases[str]:
    return words.known_classes()
