"""How telling each word is in one version: inverse document frequency over a sample of its rows."""

import math
from collections import Counter
from collections.abc import Iterable

from kefu_retrieval.chunks import terms

SAMPLE = 16_000
"""Rows read when a version is first searched: bounded, and plenty to tell common words from rare ones."""


class Lexicon:
    """Document frequencies of one version."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count each feature once a text."""
        self._frequency: Counter[str] = Counter()
        self._texts = 0
        for text in texts:
            self._frequency.update(terms.features(text))
            self._texts += 1

    def weight(self, feature: str) -> float:
        """Between 0 (in every text) and 1 (in none): log((1 + N) / (1 + df)) / log(1 + N)."""
        if not self._texts:
            return 1.0
        return math.log((1 + self._texts) / (1 + self._frequency[feature])) / math.log(1 + self._texts)

    def coverage(self, query: frozenset[str], text: frozenset[str]) -> float:
        """Which part of the query's weight `text` holds: 0 to 1; 0 for a query without content words."""
        total = sum(self.weight(feature) for feature in query)
        return sum(self.weight(feature) for feature in query & text) / total if total else 0.0

    def unknown(self, query: frozenset[str]) -> float:
        """Which part of the query's weight no text of this version holds: 0 to 1."""
        total = sum(self.weight(feature) for feature in query)
        return sum(self.weight(feature) for feature in query if not self._frequency[feature]) / total if total else 0.0
