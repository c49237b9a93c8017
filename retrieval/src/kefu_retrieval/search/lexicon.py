"""How telling each word and each concept is in one version: inverse document frequency over a sample of its rows."""

import math
from collections import Counter
from collections.abc import Iterable

from kefu_retrieval.chunks import terms
from kefu_retrieval.search.spelling import Spelling
from kefu_retrieval.search.vocabulary import Vocabulary, built_in

SAMPLE = 16_000
"""Rows read when a version is first searched: bounded, and plenty to tell common words from rare ones."""
_CACHED = 4_096
"""Texts whose features are remembered: cutting a text into words is most of what judging it costs."""


class Lexicon:
    """Document frequencies of one version."""

    def __init__(self, texts: Iterable[str], vocabulary: Vocabulary | None = None) -> None:
        """Count each feature and each concept once a text."""
        held = list(texts)
        self.vocabulary = vocabulary or built_in()
        self.spelling = Spelling(held)
        self._frequency: Counter[str] = Counter()
        self._concepts: Counter[str] = Counter()
        self._known: dict[str, frozenset[str]] = {}
        self._texts = 0
        for text in held:
            self._frequency.update(terms.features(text))
            self._concepts.update(self.vocabulary.concepts(text))
            self._texts += 1

    def features(self, text: str) -> frozenset[str]:
        """`terms.features`, remembered for the texts that come again and again: those of the version."""
        known = self._known.get(text)
        if known is None:
            known = terms.features(text)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[text] = known
        return known

    def weight(self, feature: str) -> float:
        """Between 0 (in every text) and 1 (in none): log((1 + N) / (1 + df)) / log(1 + N)."""
        return self._weight(self._frequency[feature])

    def coverage(self, query: frozenset[str], text: frozenset[str]) -> float:
        """Which part of the query's weight `text` holds: 0 to 1; 0 for a query without content words."""
        total = sum(map(self.weight, query))
        return sum(map(self.weight, query & text)) / total if total else 0.0

    def agreement(self, query: frozenset[str], text: frozenset[str]) -> float:
        """The same of concepts."""
        total = sum(self._weight(self._concepts[concept]) for concept in query)
        return sum(self._weight(self._concepts[concept]) for concept in query & text) / total if total else 0.0

    def unknown(self, query: frozenset[str]) -> float:
        """Which part of the query's weight no text of this version holds: 0 to 1."""
        total = sum(map(self.weight, query))
        return sum(self.weight(feature) for feature in query if not self._frequency[feature]) / total if total else 0.0

    def _weight(self, frequency: int) -> float:
        if not self._texts:
            return 1.0
        return math.log((1 + self._texts) / (1 + frequency)) / math.log(1 + self._texts)
