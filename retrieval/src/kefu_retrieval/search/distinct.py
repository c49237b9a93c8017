"""Hits that say the same told once: the model reads few, and customers are shown each citation."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.store.rows import Payload

SAME = 0.9
"""Share of all words of two texts that both hold, from which they say the same (Jaccard's index)."""


class _Judged(Protocol):
    @property
    def payload(self) -> Payload: ...


J = TypeVar("J", bound=_Judged)


def distinct(ranked: Iterable[J], lexicon: Lexicon, limit: int) -> list[J]:
    """The first `limit` that do not repeat a better one; texts of two languages never repeat each other."""
    kept: list[J] = []
    for judged in ranked:
        if len(kept) == limit:
            break
        if not any(_same(judged.payload, other.payload, lexicon) for other in kept):
            kept.append(judged)
    return kept


def _same(one: Payload, other: Payload, lexicon: Lexicon) -> bool:
    if one.content and one.content == other.content:
        return True
    if one.language != other.language or abs(len(one.text) - len(other.text)) > 0.2 * len(one.text):
        return False
    left, right = lexicon.features(one.text), lexicon.features(other.text)
    return bool(left) and len(left & right) >= SAME * len(left | right) and _figures(one.text) == _figures(other.text)


def _figures(text: str) -> str:
    """Digits in order: two entries that differ in a price alone do not say the same."""
    return "".join(letter for letter in text if letter.isdecimal())
