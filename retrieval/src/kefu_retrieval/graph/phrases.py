"""Phrases found in a text: the longest first, whole words of English and any run of Chinese, however they are inflected."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kefu_retrieval.chunks import terms
from kefu_retrieval.sources.text.language import HAN

T = TypeVar("T")

LONGEST = 16
"""Words and Chinese characters of the longest phrase that is looked for."""

_TOKEN = re.compile(f"[{HAN}]|[^\\W_{HAN}]+(?:[.'’+-][^\\W_{HAN}]+)*")
_ENGLISH = re.compile(r"[a-z]+(?:['’-][a-z]+)*\Z")


def plain(text: str) -> str:
    """NFKC and lower case: what positions in a text are counted in."""
    return unicodedata.normalize("NFKC", text).lower()


def tokens(text: str) -> tuple[str, ...]:
    """Chinese characters and words without inflection; punctuation and blanks are nothing."""
    return tuple(token for token, _, _ in _tokens(plain(text)))


def phrase(text: str) -> str:
    """A text's tokens, joined by blanks: equal for phrases that are told apart by their writing alone."""
    return " ".join(tokens(text))


@dataclass(frozen=True)
class Mention(Generic[T]):
    """A phrase in a text."""

    start: int
    end: int
    """Of the text in its `plain` form."""
    meanings: tuple[T, ...]


class Phrases(Generic[T]):
    """Phrases and what each may mean."""

    def __init__(self, meanings: Iterable[tuple[str, T]]) -> None:
        """Pairs of a phrase and one of its meanings; phrases of more than `LONGEST` tokens are left out."""
        found: dict[tuple[str, ...], dict[T, None]] = {}
        for text, meaning in meanings:
            key = tokens(text)
            if 0 < len(key) <= LONGEST:
                found.setdefault(key, {})[meaning] = None
        self._meanings: Mapping[tuple[str, ...], tuple[T, ...]] = {key: tuple(held) for key, held in found.items()}
        self._lengths: dict[str, list[int]] = {}
        for key in self._meanings:
            lengths = self._lengths.setdefault(key[0], [])
            if len(key) not in lengths:
                lengths.append(len(key))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def __len__(self) -> int:
        return len(self._meanings)

    def exactly(self, text: str) -> tuple[T, ...]:
        """What `text` as a whole means."""
        return self._meanings.get(tokens(text), ())

    def find(self, text: str) -> list[Mention[T]]:
        """From left to right, the longest at each place; none overlaps another."""
        placed = list(_tokens(plain(text)))
        words = [word for word, _, _ in placed]
        found: list[Mention[T]] = []
        at = 0
        while at < len(words):
            lengths = (n for n in self._lengths.get(words[at], ()) if n <= len(words) - at)
            length = next((n for n in lengths if tuple(words[at : at + n]) in self._meanings), 0)
            if length:
                meanings = self._meanings[tuple(words[at : at + length])]
                found.append(Mention(placed[at][1], placed[at + length - 1][2], meanings))
            at += length or 1
        return found


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        word = match.group()
        yield terms.stem(word) if _ENGLISH.match(word) else word, match.start(), match.end()
