"""BM25 among the few texts that a search has at hand, so that no second index must be built and kept.

    score(text) = Σ over words asked: weight(word) · log(1 + (N - n + 0.5) / (n + 0.5)) · f · (k1 + 1) / (f + k1 · (1 - b + b · length / average))

with f, how often the text holds the word, and n, how many of the N texts do. Source: Robertson and Zaragoza, "The probabilistic
relevance framework: BM25 and beyond", 2009; the inverse document frequency is Lucene's, which is never negative.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping

K1, B = 1.2, 0.75
"""The usual constants."""


class Texts:
    """Texts by name, looked through once for all that will be asked of them."""

    def __init__(self, asked: Collection[str], held: Mapping[str, Mapping[str, int]]) -> None:
        """`held`: how often each text holds each of its words, or phrases; of these only those `asked` can be looked up."""
        lengths = {name: sum(counts.values()) for name, counts in held.items()}
        average = sum(lengths.values()) / max(1, len(lengths)) or 1.0
        found: dict[str, list[tuple[str, float]]] = defaultdict(list)
        looked_for = frozenset(asked)
        for name, counts in held.items():
            length = K1 * (1 - B + B * lengths[name] / average)
            for word in looked_for & counts.keys():
                found[word].append((name, counts[word] * (K1 + 1) / (counts[word] + length)))
        self._scores = {word: _rare(texts, len(held)) for word, texts in found.items()}

    def scores(self, asked: Mapping[str, float]) -> dict[str, float]:
        """How much each text that holds any of it says of what is asked; words count as they are weighed."""
        scores: defaultdict[str, float] = defaultdict(float)
        for word, weight in asked.items():
            for name, score in self._scores.get(word, ()):
                scores[name] += weight * score
        return dict(scores)


def _rare(texts: list[tuple[str, float]], among: int) -> list[tuple[str, float]]:
    rarity = math.log(1 + (among - len(texts) + 0.5) / (len(texts) + 0.5))
    return [(name, rarity * score) for name, score in texts]
