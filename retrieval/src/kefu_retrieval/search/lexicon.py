"""How telling each word and each concept is in one version: inverse document frequency over a sample of its rows."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from kefu_retrieval.chunks import terms
from kefu_retrieval.lately import Lately
from kefu_retrieval.search.spelling import Spelling
from kefu_retrieval.search.vocabulary import Vocabulary, built_in
from kefu_retrieval.store.rows import Payload

SAMPLE = 16_000
"""Rows read when a version is first searched: bounded, and plenty to tell common words from rare ones."""
_CACHED = 4_096
"""Texts whose features are remembered: cutting a text into words is most of what judging it costs."""
_K1, _B = 1.2, 0.75


class Passage(NamedTuple):
    """What a passage says, all in all."""

    said: frozenset[str]
    """Features of title, headings and text; words never reach over two of them."""
    meant: frozenset[str]
    """Their concepts; a phrase may reach over two of them."""
    headed: frozenset[str]
    """Concepts of the title and the last heading."""


class Lexicon:
    """Document frequencies of one version."""

    def __init__(self, texts: Iterable[str], vocabulary: Vocabulary | None = None) -> None:
        """Count each feature and each concept once a text."""
        held = list(texts)
        self.vocabulary = vocabulary or built_in()
        self.spelling = Spelling(held)
        self._frequency: Counter[str] = Counter()
        self._concepts: Counter[str] = Counter()
        self._features = lru_cache(_CACHED)(terms.features)
        self._passages: Lately[str, Passage] = Lately(_CACHED)
        self._texts = 0
        self._length = 0
        for text in held:
            features = self.features(text)
            self._frequency.update(features)
            self._length += len(features)
            self._concepts.update(self.vocabulary.concepts(text))
            self._texts += 1

    def features(self, text: str) -> frozenset[str]:
        """`terms.features`, remembered for the texts that come again and again: those of the version."""
        return self._features(text)

    def passage(self, payload: Payload) -> Passage:
        """What a passage of the version says, remembered like the features of its texts."""
        passage = self._passages.get(payload.chunk)
        if passage is None:
            passage = self._read(payload)
            self._passages.put(payload.chunk, passage)
        return passage

    def read_ahead(self, payloads: Iterable[Payload]) -> None:
        """Read passages, and the texts that they are found by, that are about to be judged."""
        for payload in payloads:
            self.passage(payload)
            self.features(payload.probe)

    def _read(self, payload: Payload) -> Passage:
        texts = (payload.title, *payload.headings, payload.text)
        return Passage(
            said=frozenset().union(*map(self._features, texts)),
            meant=self.vocabulary.found(" ".join(texts)),
            headed=self.vocabulary.found(" ".join((payload.title, *payload.headings[-1:]))),
        )

    def weight(self, feature: str) -> float:
        """Between 0 (in every text) and 1 (in none): log((1 + N) / (1 + df)) / log(1 + N)."""
        return self._weight(self._frequency[feature])

    def relevance(self, query: frozenset[str], text: str) -> float:
        """How well `text` matches the query's features: BM25, each feature counted once a text.

        Source: Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009.
        """
        held = self.features(text)
        if not self._length:
            return 0.0
        length = _K1 * (1 - _B + _B * len(held) * self._texts / self._length)
        return sum(map(self._rarity, query & held)) * (_K1 + 1) / (1 + length)

    def _rarity(self, feature: str) -> float:
        frequency = self._frequency[feature]
        return math.log(1 + (self._texts - frequency + 0.5) / (frequency + 0.5))

    def weighed(self, features: frozenset[str]) -> "Weighed":
        """A query's features, each with how telling it is."""
        return Weighed({feature: self.weight(feature) for feature in features})

    def weighed_concepts(self, concepts: frozenset[str]) -> "Weighed":
        """The same of concepts."""
        return Weighed({concept: self._weight(self._concepts[concept]) for concept in concepts})

    def _weight(self, frequency: int) -> float:
        if not self._texts:
            return 1.0
        return math.log((1 + self._texts) / (1 + frequency)) / math.log(1 + self._texts)


class Weighed:
    """What a query says, each part with its weight: made once a search, compared with every candidate."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._total = sum(weights.values())
        self.names = frozenset(weights)

    def share(self, held: frozenset[str]) -> float:
        """Which part of the weight `held` has: 0 to 1; 0 for a query that says nothing."""
        return sum(map(self._weights.__getitem__, held & self.names)) / self._total if self._total else 0.0
