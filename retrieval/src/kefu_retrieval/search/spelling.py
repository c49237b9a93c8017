"""Slips of the hand put right: words that no document holds, but nearly so.

- English: one letter too many, too few, another, or two exchanged ("purifer"), by the deletions of the version's words (Garbe's
  SymSpell, 2012, at distance 1).
- Chinese: two characters, one of them wrong but of the same sound (积份 for 积分); southern finals and initials count as the same.
- Pinyin in Latin letters ("jifen"), where it spells two characters that the version holds.

Only what the version holds is ever put in, and only for what it does not hold; words of pypinyin's dictionary, numerals, function
words and endings stay as they are. So a right word is seldom changed, though the version may not hold it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from kefu_retrieval.chunks import terms
from kefu_retrieval.sources.text.language import HAN

SHORTEST = 5
"""Letters of the shortest Latin word that is corrected: shorter ones are near too many others."""
LONGEST = 24
KEPT = frozenset(
    "一二两三四五六七八九十百千万几半第不没无有是在的地得了着过个次件张天日月年时来去回上下大小多少和与或也都就还再又很太最"
    "我你您他她它们这那哪何谁什么怎因为所以会能可要想让被把对从到给用于而并且其此里中前后内外吗呢吧啊请说叫"
)
"""Characters that are hardly ever typed for others, and stand beside any: a pair with one of them is left alone."""
OFTEN = 2
"""How often a version must hold a word or a pair of characters that is put in."""
TOGETHER = 0.2
"""Share of the rarer character's places in which two stand together, from which they are taken for a word."""

_LATIN = re.compile(r"[a-z]+")
_HAN_RUN = re.compile(f"[{HAN}]+")


class Spelling:
    """What a version holds, by how it may be misspelt."""

    def __init__(self, texts: Iterable[str]) -> None:
        words: Counter[str] = Counter()
        pairs: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        for text in texts:
            lower = text.lower()
            words.update(word for word in _LATIN.findall(lower) if len(word) <= LONGEST)
            for run in _HAN_RUN.findall(lower):
                letters.update(run)
                pairs.update(map("".join, pairwise(run)))
        self._pairs = pairs
        self._stems: Counter[str] = Counter()
        self._word_of: dict[str, str] = {}
        for word, count in words.most_common():
            self._stems[terms.stem(word)] += count
            self._word_of.setdefault(terms.stem(word), word)
        self._near = _by_deletions(stem for stem in _common(self._stems) if len(stem) >= SHORTEST)
        self._sounds: dict[tuple[str, str], list[str]] = {}
        self._spelt: dict[str, str] = {}
        for pair in _common(pairs):
            if not KEPT & {*pair} and pairs[pair] >= TOGETHER * min(letters[pair[0]], letters[pair[1]]):
                self._sounds.setdefault((_sound(pair[0]), _sound(pair[1])), []).append(pair)
                self._spelt.setdefault("".join(lazy_pinyin(pair)), pair)

    def corrected(self, text: str) -> str:
        """`text` with what seems misspelt put right; mostly `text` itself."""
        fixed = _LATIN.sub(lambda match: self._word(match.group()), text.lower())
        fixed = _HAN_RUN.sub(lambda match: self._run(match.group()), fixed)
        return text if fixed == text.lower() else fixed

    def _word(self, word: str) -> str:
        if not SHORTEST <= len(word) <= LONGEST or terms.stem(word) in self._stems:
            return word
        if word in self._spelt:
            return self._spelt[word]
        stem = terms.stem(word)
        found = {near for key in (stem, *_deletions(stem)) for near in self._near.get(key, ()) if _one_slip(stem, near)}
        best = max(found, key=lambda near: (self._stems[near], near), default=None)
        return self._word_of[best] if best else word

    def _run(self, run: str) -> str:
        letters = list(run)
        for position in range(len(letters) - 1):
            pair = "".join(letters[position : position + 2])
            if not self._pairs[pair] and pair not in phrases_dict and not KEPT & {*pair}:
                right = next((known for known in self._alike(pair) if self._fits(letters, position, known)), pair)
                letters[position : position + 2] = right
        return "".join(letters)

    def _alike(self, pair: str) -> list[str]:
        """Known pairs of the same sound of which one character is the same, most frequent first."""
        known = self._sounds.get((_sound(pair[0]), _sound(pair[1])), [])
        return [other for other in known if (other[0] == pair[0]) != (other[1] == pair[1])]

    def _fits(self, letters: list[str], position: int, pair: str) -> bool:
        """Whether no pair that is known is broken by putting this one in."""
        before, after = "".join(letters[position - 1 : position + 1]), "".join(letters[position + 1 : position + 3])
        changes_first = letters[position] != pair[0]
        broken = before if changes_first and position else after if not changes_first else ""
        return len(broken) < 2 or not (self._pairs[broken] or broken in phrases_dict)


def _common(counts: Counter[str]) -> Iterator[str]:
    """Those that come often enough, most frequent first."""
    return (each for each, count in counts.most_common() if count >= OFTEN)


def _by_deletions(stems: Iterable[str]) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {}
    for stem in stems:
        for key in (stem, *_deletions(stem)):
            near.setdefault(key, set()).add(stem)
    return near


def _deletions(word: str) -> set[str]:
    return {word[:n] + word[n + 1 :] for n in range(len(word))}


def _one_slip(left: str, right: str) -> bool:
    """Whether one letter was added, left out or replaced, or two neighbours exchanged (Damerau's distance of 1).

    The first letter is seldom wrong, and another ending is another word more often than a slip.
    """
    if abs(len(left) - len(right)) > 1 or left[0] != right[0]:
        return False
    start = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    a, b = left[start:], right[start:]
    if len(a) < 2 and len(b) < 2:
        return False
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


@lru_cache(maxsize=16_384)
def _sound(letter: str) -> str:
    """Pinyin without tone, and without what many speakers do not tell apart: zh/z, ch/c, sh/s, -ng/-n."""
    plain = re.sub(r"^([zcs])h", r"\1", lazy_pinyin(letter)[0])
    return plain.removesuffix("g") if plain.endswith("ng") else plain
