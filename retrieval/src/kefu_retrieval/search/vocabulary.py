"""Words that mean the same, in one language or in both: "postage", "shipping fee", 运费 and 邮费 are one concept.

The embedding knows much of this, but blurs it with everything else; a concept counts exactly. The built-in concepts are those of
any shop; an index adds its own words.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources

from kefu_retrieval.chunks import terms
from kefu_retrieval.sources.text.language import HAN

_HAN = re.compile(f"[{HAN}]")
_NONE: frozenset[str] = frozenset()
_CACHED = 4_096
MOST = 8
"""Words that are added to a query."""


class Vocabulary:
    """Finds concepts in texts. A concept's name is its first word."""

    def __init__(self, concepts: Iterable[Sequence[str]], own: Iterable[Sequence[str]] = ()) -> None:
        """Each of `concepts` lists words of one meaning, and so does each of `own`, whose words are looked up for each other too."""
        self._concepts: dict[str, set[str]] = defaultdict(set)
        self._own = {words[0]: tuple(words) for words in own}
        for words in (*concepts, *self._own.values()):
            for word in words:
                self._concepts[_written(word)].add(words[0])
        self._concepts.pop("", None)
        self._characters: dict[str, set[int]] = defaultdict(set)
        """Lengths of the Chinese words that begin with a character."""
        self._phrases: dict[str, set[int]] = defaultdict(set)
        """How many words the phrases have that begin with a word."""
        for word in self._concepts:
            if _HAN.match(word):
                self._characters[word[0]].add(len(word))
            self._phrases[word.split(" ", 1)[0]].add(word.count(" ") + 1)
        self._remembered = lru_cache(_CACHED)(self.found)

    def concepts(self, text: str) -> frozenset[str]:
        """Names of the concepts that `text` speaks of, remembered for texts that come again and again."""
        return self._remembered(text)

    def also(self, text: str) -> list[str]:
        """Other words for what `text` says in words of the index's own, at most eight of them."""
        found = (word for concept in sorted(self.concepts(text) & self._own.keys()) for word in self._own[concept])
        said = _written(text)
        return [word for word in found if _written(word) not in said][:MOST]

    def found(self, text: str) -> frozenset[str]:
        """Names of the concepts that `text` speaks of.

        They are parts of Chinese runs, and phrases of whole words; they may overlap: 退货运费 holds 退货 and 运费.
        """
        found: set[str] = set()
        for part in self._parts(_written(text).split()):
            found |= self._concepts.get(part, _NONE)
        return frozenset(found)

    def _parts(self, words: Sequence[str]) -> Iterator[str]:
        for start, word in enumerate(words):
            if _HAN.match(word):
                for at, letter in enumerate(word):
                    for length in self._characters.get(letter, ()):
                        yield word[at : at + length]
            for length in self._phrases.get(word, ()):
                yield " ".join(words[start : start + length])


@lru_cache(maxsize=4)
def built_in(own: tuple[tuple[str, ...], ...] = ()) -> Vocabulary:
    """The concepts of any shop, from `commerce.txt`, and an index's own."""
    text = (resources.files("kefu_retrieval.search") / "commerce.txt").read_text(encoding="utf-8")
    return Vocabulary(parse(text), own)


def parse(text: str) -> list[list[str]]:
    """Concepts of a text with one of them a line, its words separated by commas; `#` begins a comment line."""
    lines = (line.strip() for line in text.splitlines())
    concepts = ([word.strip() for word in re.split("[,，、]", line)] for line in lines if not line.startswith("#"))
    return [[word for word in words if word] for words in concepts if any(words)]


def _written(text: str) -> str:
    return terms.normal(text)
