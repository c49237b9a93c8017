"""Hits that say the same told once: the model reads few, and customers are shown each citation."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.store.rows import Payload

SAME = 0.9
"""Share of all words of two texts that both hold, from which they say the same (Jaccard's index)."""


class _Judged(Protocol):
    @property
    def payload(self) -> Payload: ...


J = TypeVar("J", bound=_Judged)


class _Said(NamedTuple):
    language: str
    text: str
    features: frozenset[str]


def distinct(ranked: Iterable[J], lexicon: Lexicon, limit: int) -> list[J]:
    """The first `limit` that do not repeat a better one; texts of two languages never repeat each other."""
    kept: list[J] = []
    contents: set[str] = set()
    before: list[_Said] = []
    for judged in ranked:
        if len(kept) == limit:
            break
        payload = judged.payload
        said = _Said(payload.language, payload.text, lexicon.features(payload.text))
        if payload.content in contents or _is_said(said, before):
            continue
        kept.append(judged)
        before.append(said)
        if payload.content:
            contents.add(payload.content)
    return kept


def _is_said(said: _Said, before: Iterable[_Said]) -> bool:
    """Whether one of those before says it, in nearly the same words and with the same figures."""
    language, text, features = said
    words, spare = len(features), 0.2 * len(text)
    for other_language, other, held in before:
        if other_language != language or abs(len(other) - len(text)) > spare:
            continue
        # Jaccard's index, with |A ∪ B| = |A| + |B| - |A ∩ B|; it is no more than the smaller set's part of the larger.
        if min(words, len(held)) < SAME * max(words, len(held)):
            continue
        together = len(features & held)
        if together and together >= SAME * (words + len(held) - together) and _figures(text) == _figures(other):
            return True
    return False


def _figures(text: str) -> str:
    """Digits in order: two entries that differ in a price alone do not say the same."""
    return "".join(letter for letter in text if letter.isdecimal())
