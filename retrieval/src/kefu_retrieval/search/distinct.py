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
    contents: set[str] = set()
    for judged in ranked:
        if len(kept) == limit:
            break
        payload = judged.payload
        if payload.content in contents or _is_said(payload, kept, lexicon):
            continue
        kept.append(judged)
        if payload.content:
            contents.add(payload.content)
    return kept


def _is_said(payload: Payload, kept: Iterable[J], lexicon: Lexicon) -> bool:
    """Whether one of those that are kept says what `payload` says, in nearly the same words and with the same figures."""
    language, length = payload.language, len(payload.text)
    said = lexicon.features(payload.text)
    for judged in kept:
        other = judged.payload
        if other.language != language or abs(len(other.text) - length) > 0.2 * length:
            continue
        held = lexicon.features(other.text)
        together = len(said & held)
        # Jaccard's index, with |A ∪ B| = |A| + |B| - |A ∩ B|.
        alike = together and together >= SAME * (len(said) + len(held) - together)
        if alike and _figures(payload.text) == _figures(other.text):
            return True
    return False


def _figures(text: str) -> str:
    """Digits in order: two entries that differ in a price alone do not say the same."""
    return "".join(letter for letter in text if letter.isdecimal())
