"""From a question to typed constraints: what is asked for, what it must have, what it must fit; or whose policies it is about.

A plan is made only where the graph can add something: a choice among products under at least one constraint, or the policies
of a product that is named. Every other question has none, and is searched as if there were no graph.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kefu_retrieval.chunks import terms
from kefu_retrieval.graph import values
from kefu_retrieval.graph.phrases import Mention, plain
from kefu_retrieval.graph.speech import Meaning, Speech
from kefu_retrieval.graph.values import Quantity

NEAR = 14
"""Characters around a number in which its comparison is said."""

_ASKS = re.compile(
    r"哪[款个些种几]|哪一[款个种]|有没有|有什么|有哪些|什么样|推荐|想[买要找]|求|[找选挑]|[用配买]什么|需要[一个]|来[一个]|有.{0,12}吗|卖.{0,12}吗"
    r"|\b(?:which|what|any|recommend|suggest|looking for|is there|are there|show me|find me|need an?|want an?|list|do you (?:have|sell|carry))\b"
)
_FITS = re.compile(
    r"支持|适合|适用|兼容|适配|匹配|配套|能用|可以用|能不能用|能给|可以给|能充|装得|用得|配得上|[给为]"
    r"|\b(?:fits?|fitting|compatible|works? (?:with|on|for)|go(?:es)? with|suitable|suits?|for (?:my|the|an?)?|charges?|support(?:s)?|used? with)\b"
)
_MOST = re.compile(
    r"不超过|不高于|不多于|不大于|低于|少于|小于|不到|最多|至多|顶多"
    r"|\b(?:within|under|below|less than|at most|up to|no more than|not more than|cheaper than|lighter than|max(?:imum)?|in|inside)\s*$"
)
_LEAST = re.compile(
    r"不低于|不少于|不小于|超过|高于|大于|多于|至少|起码|最少"
    r"|\b(?:over|above|more than|at least|no less than|min(?:imum)?|exceeding|longer than|bigger than|larger than)\s*$"
)
_MOST_AFTER = re.compile(r"^\s*(?:之内|以内|及?以下|以里|内|or (?:less|under|below|cheaper)|max\b|at most)")
_LEAST_AFTER = re.compile(r"^\s*(?:及?以上|起|往上|\+|or (?:more|above|over|longer)|and (?:up|above)|plus\b|at least)")
_ABOUT = re.compile(r"^\s*(?:左右|上下)|(?:大约|约|about|around|roughly|approximately)\s*$")
_ORDERS: tuple[tuple[re.Pattern[str], str, bool], ...] = (
    (re.compile(r"最便宜|最低价|价格最低|\bcheapest\b|lowest price|least expensive"), "price", True),
    (re.compile(r"最贵|most expensive|priciest"), "price", False),
    (re.compile(r"最轻|\blightest\b"), "weight", True),
    (re.compile(r"最重|\bheaviest\b"), "weight", False),
    (re.compile(r"发货最快|最快发货|ships? (?:the )?(?:fastest|soonest)|fastest (?:shipping|dispatch)"), "ships", True),
    (re.compile(r"最薄|\bthinnest\b"), "thickness", True),
    (re.compile(r"续航最[长久]|longest (?:battery life|playtime)"), "playtime", False),
)
_LARGEST = re.compile(r"最[大长高强]|\b(?:largest|biggest|longest|highest|most powerful|strongest)\b")
_SMALLEST = re.compile(r"最[小短低]|\b(?:smallest|shortest|lowest)\b")


@dataclass(frozen=True)
class Comparison:
    """A number that an attribute must reach, or must not exceed."""

    key: str
    is_: Literal["atMost", "atLeast", "within"]
    low: float
    high: float
    unit: str
    said: str


@dataclass(frozen=True)
class Flag:
    """An attribute that must be there, or must not."""

    key: str
    wanted: bool
    said: str


@dataclass(frozen=True)
class Word:
    """An attribute that must have this value."""

    key: str
    word: str
    said: str


@dataclass(frozen=True)
class Order:
    """What the answers are ordered by."""

    key: str
    ascending: bool


@dataclass(frozen=True)
class Selection:
    """A choice among products."""

    classes: tuple[str, ...]
    named: tuple[str, ...]
    """Names of the products it is about, where it asks of certain ones: "does the C65 fit the X200"."""
    fits: tuple[str, ...]
    """Models that a product must fit, each of them."""
    comparisons: tuple[Comparison, ...]
    flags: tuple[Flag, ...]
    words: tuple[Word, ...]
    order: Order | None
    understood: float
    """Which part of the question's content words the plan stands for, 0 to 1."""


@dataclass(frozen=True)
class Ruling:
    """The policies of a product's classes, or of classes that are named themselves."""

    named: tuple[str, ...]
    """Names of the product."""
    classes: tuple[str, ...]
    """Where no product is named."""
    topics: tuple[str, ...]
    place: tuple[int, int]
    """Where the question names it, in its `plain` form."""


Plan = Selection | Ruling


def plan(question: str, concepts: Iterable[str], speech: Speech) -> Plan | None:
    """The plan of a question whose concepts are known; None where the graph has nothing to add."""
    return _Planning(plain(question), frozenset(concepts), speech).plan()


class _Planning:
    def __init__(self, text: str, concepts: frozenset[str], speech: Speech) -> None:
        self._text = text
        self._speech = speech
        self._topics = tuple(sorted(concepts & speech.topics))
        self._mentions = speech.phrases.find(text)
        taken = [(each.start, each.end) for each in self._mentions if _of(each, "model")]
        self._quantities = [q for q in values.quantities(text) if q.unit and not _overlaps(q.start, q.end, taken)]
        self._used: list[tuple[int, int]] = []

    def plan(self) -> Plan | None:
        models = [mention for mention in self._mentions if _of(mention, "model")]
        selection = self._selection(models)
        if selection:
            return selection
        sold = [mention for mention in models if self._speech.classes_of(_of(mention, "model")[0].name)]
        classes = [mention for mention in self._mentions if _of(mention, "class")]
        first = next(iter(sold or classes), None)
        if first is None or not self._topics:
            return None
        named = tuple(meaning.name for meaning in _of(first, "model")) if sold else ()
        of = () if sold else tuple(meaning.name for meaning in _of(first, "class"))
        return Ruling(named, of, self._topics, (first.start, first.end))

    def _selection(self, models: Sequence[Mention[Meaning]]) -> Selection | None:
        asks, compatible = _ASKS.search(self._text), _FITS.search(self._text)
        of_models = frozenset().union(*(self._speech.classes_of(m.name) for each in models for m in _of(each, "model")))
        classes = tuple(
            dict.fromkeys(
                meaning.name
                for mention in self._mentions
                for meaning in _of(mention, "class")
                if meaning.name not in of_models
            )
        )
        named, fits = self._roles(models, bool(classes), bool(compatible))
        order = self._order()
        comparisons = tuple(self._comparisons())
        flags, words = self._flags({each.key for each in comparisons}), self._words()
        constrained = bool(fits or comparisons or flags or words or order)
        wanted = bool(asks or compatible or order)
        if not (wanted and constrained and (classes or fits or named)) or not set(classes) <= self._speech.sold:
            return None
        if not fits and not classes:
            return None
        for mention in self._mentions:
            self._used.append((mention.start, mention.end))
        for pattern in (_ASKS, _FITS):
            self._used += [match.span() for match in pattern.finditer(self._text)]
        return Selection(classes, named, fits, comparisons, flags, words, order, self._understood())

    def _roles(
        self, models: Sequence[Mention[Meaning]], has_class: bool, compatible: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Which of the models is asked about, and which must be fitted."""
        names = [_of(mention, "model")[0].name for mention in models]
        if not names or not (compatible or has_class):
            return (), ()
        if has_class or len(names) == 1:
            return (), tuple(dict.fromkeys(names))
        subject = next((name for name in names if name in self._speech.fitting), names[0])
        return (subject,), tuple(dict.fromkeys(name for name in names if name != subject))

    def _comparisons(self) -> Iterable[Comparison]:
        for quantity in self._quantities:
            key = self._key_of(quantity)
            if key is None:
                continue
            before = self._text[max(0, quantity.start - NEAR) : quantity.start]
            after = self._text[quantity.end : quantity.end + NEAR]
            said = self._text[quantity.start : quantity.end].strip()
            self._used.append((quantity.start, quantity.end))
            low, high = quantity.low, quantity.high
            if quantity.low < quantity.high:
                yield Comparison(key, "within", low, high, quantity.unit, said)
            elif _MOST_AFTER.search(after) or _MOST.search(before):
                yield Comparison(key, "atMost", low, high, quantity.unit, f"≤ {said}")
            elif _LEAST_AFTER.search(after) or _LEAST.search(before):
                yield Comparison(key, "atLeast", low, high, quantity.unit, f"≥ {said}")
            elif _ABOUT.search(after) or _ABOUT.search(before):
                yield Comparison(key, "within", 0.8 * low, 1.2 * high, quantity.unit, f"≈ {said}")
            elif key in ("ships", "delivery"):
                yield Comparison(key, "atMost", low, high, quantity.unit, f"≤ {said}")
            else:
                yield Comparison(key, "within", low, high, quantity.unit, said)

    def _key_of(self, quantity: Quantity) -> str | None:
        """The attribute that a number is of: the nearest that the question names and that has this unit, or the only one."""
        candidates = self._speech.units.get(quantity.unit, frozenset())
        said = [
            (min(abs(mention.start - quantity.end), abs(quantity.start - mention.end)), meaning.name)
            for mention in self._mentions
            for meaning in _of(mention, "key")
            if meaning.name in candidates
        ]
        if said:
            return min(said)[1]
        if quantity.unit in ("cny", "usd", "eur") and "price" in candidates:
            return "price"
        return next(iter(candidates)) if len(candidates) == 1 and quantity.unit != "h" else None

    def _flags(self, compared: set[str]) -> tuple[Flag, ...]:
        found: dict[str, Flag] = {}
        for mention in self._mentions:
            for meaning in _of(mention, "key"):
                if meaning.name in self._speech.flags and meaning.name not in compared:
                    before = self._text[max(0, mention.start - NEAR) : mention.start]
                    wanted = not values.NEGATION.search(before)
                    said = self._text[mention.start : mention.end]
                    found.setdefault(meaning.name, Flag(meaning.name, wanted, said if wanted else f"not {said}"))
        return tuple(found.values())

    def _words(self) -> tuple[Word, ...]:
        found = {}
        for mention in self._mentions:
            meanings = _of(mention, "word")
            if meanings and len(meanings) == len(mention.meanings):
                found[meanings[0].key] = Word(
                    meanings[0].key, meanings[0].name, self._text[mention.start : mention.end]
                )
        return tuple(found.values())

    def _order(self) -> Order | None:
        for pattern, key, ascending in _ORDERS:
            match = pattern.search(self._text)
            if match:
                self._used.append(match.span())
                return Order(key, ascending)
        numeric = frozenset().union(*self._speech.units.values()) if self._speech.units else frozenset()
        keys = [m.name for mention in self._mentions for m in _of(mention, "key") if m.name in numeric]
        for pattern, ascending in ((_LARGEST, False), (_SMALLEST, True)):
            match = pattern.search(self._text)
            if match and keys:
                self._used.append(match.span())
                return Order(keys[0], ascending)
        return None

    def _understood(self) -> float:
        letters = list(self._text)
        for start, end in self._used:
            letters[start:end] = " " * (end - start)
        everything, rest = terms.features(self._text), terms.features("".join(letters))
        return 1 - len(rest & everything) / len(everything) if everything else 1.0


def _of(mention: Mention[Meaning], kind: str) -> list[Meaning]:
    return [meaning for meaning in mention.meanings if meaning.kind == kind]


def _overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in spans)
