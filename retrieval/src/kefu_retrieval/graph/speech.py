"""How customers may speak of what a graph holds: its classes, models, attributes and values, as phrases to find in a question."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from kefu_retrieval.graph import words
from kefu_retrieval.graph.facts import ANY, Facts
from kefu_retrieval.graph.phrases import Phrases

VALUES = 200
"""Different words of one attribute up to which they are looked for: more are titles or numbers, not colours."""


class Meaning(NamedTuple):
    """What a phrase may mean."""

    kind: Literal["class", "model", "key", "word"]
    name: str
    key: str = ""
    """Of a word: the attribute that it is a value of."""


class Speech:
    """The phrases of one graph, and what a question's plan must know of it."""

    def __init__(self, facts: Facts) -> None:
        self.phrases = Phrases(_meanings(facts))
        self.classes = {name: tuple(sorted(said)) for name, said in facts.classes.items()}
        self.topics = frozenset(each.topic for each in facts.about)
        self.units: dict[str, frozenset[str]] = {}
        """Dimension → attributes that have it."""
        units: dict[str, set[str]] = defaultdict(set)
        for has in facts.has:
            if has.value.unit:
                units[has.value.unit].add(has.key)
        self.units = {unit: frozenset(keys) for unit, keys in units.items()}
        self.flags = frozenset(has.key for has in facts.has if has.value.flag is not None)
        """Attributes that are there or not."""
        fitting = {each.product for each in facts.fits}
        self.fitting = frozenset(each.model for each in facts.called if each.product in fitting)
        """Names of products that are said to fit something."""
        of: dict[str, set[str]] = defaultdict(set)
        for is_a in facts.is_a:
            of[is_a.product].add(is_a.of)
        wide: dict[str, set[str]] = defaultdict(set)
        for under in facts.under:
            wide[under.narrow].add(under.wide)
        self._of_model: dict[str, frozenset[str]] = {}
        for called in facts.called:
            held = self._of_model.get(called.model, frozenset())
            self._of_model[called.model] = held | _closed(of[called.product], wide)
        self.sold = frozenset(name for held in self._of_model.values() for name in held)
        """Classes that have a product."""

    def classes_of(self, model: str) -> frozenset[str]:
        """The classes of the products that are called so, and those that they are kinds of."""
        return self._of_model.get(model, frozenset())


def _closed(names: set[str], wide: dict[str, set[str]]) -> frozenset[str]:
    found, waiting = set(names), list(names)
    while waiting:
        for name in wide.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return frozenset(found)


def _meanings(facts: Facts) -> Iterator[tuple[str, Meaning]]:
    for name, said in facts.classes.items():
        if name != ANY:
            yield from ((text, Meaning("class", name)) for text in said)
    models = {called.model for called in facts.called} | {each.target for each in facts.fits if each.kind == "Model"}
    yield from ((model, Meaning("model", model)) for model in models)
    present = {has.key for has in facts.has}
    for key in present:
        said_of = words.attributes().get(key, (facts.labels.get(key, key),))
        yield from ((text, Meaning("key", key)) for text in said_of)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for has in facts.has:
        if has.word and has.key not in (words.MODEL, words.FEATURES) and not words.flagged().find(has.word):
            counts[has.key][has.word] += 1
    for key, seen in counts.items():
        if len(seen) <= VALUES:
            yield from ((word, Meaning("word", word, key)) for word in seen)
