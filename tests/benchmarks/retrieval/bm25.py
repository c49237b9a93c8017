"""BM25 over whole documents, and nothing else: what a search engine out of the box finds."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from kefu_retrieval.chunks.terms import STOP_WORDS, stem
from tests.benchmarks.retrieval.sets import Document

K1, B = 1.2, 0.75
"""Lucene's defaults (Robertson and Zaragoza 2009)."""
_WORD = re.compile(r"[a-z0-9]+|[一-鿿]+")


def words(text: str) -> list[str]:
    """Latin words, folded and stemmed, without stop words; Chinese by bigrams, as Lucene's CJKAnalyzer cuts it."""
    found: list[str] = []
    for run in _WORD.findall(text.lower()):
        if run.isascii():
            found += [] if run in STOP_WORDS else [stem(run)]
        else:
            found += [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
    return found


class BM25:
    """An inverted index over title and text."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._ids = [document.id for document in documents]
        counts = [Counter(words(f"{document.title}\n{document.text}")) for document in documents]
        average = sum(count.total() for count in counts) / len(counts)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            length = K1 * (1 - B + B * count.total() / average)
            for word, times in count.items():
                self._postings[word].append((number, times * (K1 + 1) / (times + length)))

    def search(self, query: str, limit: int) -> list[str]:
        """Ids of the best documents, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in words(query):
            held = self._postings.get(word, [])
            weight = math.log(1 + (len(self._ids) - len(held) + 0.5) / (len(held) + 0.5))
            for number, score in held:
                scores[number] += weight * score
        best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        return [self._ids[number] for number in best]
