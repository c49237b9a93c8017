"""Words that stand together, compared: of a long question nearly every document holds some word, but few hold two in a row."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from kefu_retrieval.chunks import terms

K1, B = 1.2, 0.75
"""BM25's usual constants (Robertson and Zaragoza 2009)."""
_CACHED = 8_192
_CLAUSE_END = re.compile(r"[!?;:()\[\]\"|*#\n。！？；：，、（）“”…]|[.,](?!\d)")


@lru_cache(_CACHED)
def phrases(text: str) -> Mapping[str, int]:
    """How often each two content words, or two Chinese characters, follow one another in `text`, within one clause."""
    found: Counter[str] = Counter()
    for clause in _CLAUSE_END.split(text):
        found.update(terms.phrases(clause))
    return found


def bm25(asked: frozenset[str], held: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """How much of what is asked each of the `held` texts says, by its name: BM25 among these texts."""
    lengths = {name: sum(counts.values()) for name, counts in held.items()}
    average = sum(lengths.values()) / max(1, len(lengths)) or 1.0
    frequency = Counter(phrase for counts in held.values() for phrase in asked & counts.keys())
    rarity = {phrase: math.log(1 + (len(held) - n + 0.5) / (n + 0.5)) for phrase, n in frequency.items()}
    return {
        name: sum(
            rarity[phrase] * counts[phrase] * (K1 + 1) / (counts[phrase] + K1 * (1 - B + B * lengths[name] / average))
            for phrase in asked & counts.keys()
        )
        for name, counts in held.items()
    }
