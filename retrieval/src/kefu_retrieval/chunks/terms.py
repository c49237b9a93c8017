"""The words a text is found by: what the keyword leg indexes, and what the confidence counts.

Both sides of every comparison go through here, so that width (７→7), case, plurals and punctuation never decide.
"""

import re
import unicodedata
from functools import lru_cache

from kefu_retrieval.sources.text.language import HAN

_CACHED = 8_192
"""Words that are remembered, 300 bytes each: those that texts are full of."""
_WORD = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:[.'’-][^\\W_{HAN}]+)*")
_HAN_RUN = re.compile(f"[{HAN}]")
_ENGLISH = re.compile(r"[a-z]+(?:['’][a-z]+)?\Z")

_FUNCTION_WORDS = """
    a an and any are as at be been but by can could did do does for from get had has have he her his how i if in into is
    it its just may me might my no not of on or our please shall she should so some than that the their them then there
    these they this to up us was we were what when where which who why will with would you your
    的 了 吗 呢 吧 啊 呀 嘛 么 哦 是 在 有 和 与 及 或 也 都 就 还 要 会 能 可以 可 我 你 您 他 她 它 我们 你们 您们 他们
    这 那 这个 那个 什么 怎么 怎样 如何 为什么 哪 哪里 哪些 几 多 请 请问 一下 一个 个 们 被 把 给 对 从 到 让 很 想 得 着 过
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English and Chinese words that say nothing about the subject."""


def normal(text: str) -> str:
    """`text` in NFKC and lower case, English words without their inflection, only words kept, separated by spaces."""
    return " ".join(_words(text))


def features(text: str) -> frozenset[str]:
    """Content features of `text`: English words, numbers, Han bigrams and Han characters, without function words.

    Bigrams stand in for words (no dictionary needed); single characters let 退货 and 退的货 meet half way.
    """
    found: set[str] = set()
    for word in _words(text):
        if not _HAN_RUN.match(word):
            found.add(word)
            continue
        for piece in _without_function_words(word):
            found.update(piece)
            found.update(piece[n : n + 2] for n in range(len(piece) - 1))
    return frozenset(found - _STOPS)


def phrases(clause: str) -> list[str]:
    """Neighbouring content words of `clause`, two and two; in Chinese runs, which are not cut into words, two characters."""
    found: list[str] = []
    before = ""
    for word in _words(clause):
        if _HAN_RUN.match(word):
            found += [piece[n : n + 2] for piece in _without_function_words(word) for n in range(len(piece) - 1)]
            before = ""
        elif word not in _STOPS:
            found += [f"{before} {word}"] if before else []
            before = word
    return found


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).lower()
    return [_plain(word) for word in _WORD.findall(folded)]


@lru_cache(_CACHED)
def _plain(word: str) -> str:
    return _stem(word) if _ENGLISH.match(word) else word


_LONG_STOPS = sorted((word for word in STOP_WORDS if len(word) > 1 and _HAN_RUN.match(word)), key=len, reverse=True)
_STOP_CUT = re.compile("|".join(_LONG_STOPS) + "|[的了吗呢吧啊呀嘛么哦我你您请]")


def _without_function_words(run: str) -> list[str]:
    return [piece for piece in _STOP_CUT.split(run) if piece]


@lru_cache(_CACHED)
def stem(word: str) -> str:
    """A lower-case English word without plural and verb endings: a light stemmer after Harman's S-stemmer (1991)."""
    return _stem(word)


def _stem(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 3:
            if base[-1] == base[-2] and base[-1] not in "ls":
                return base[:-1]
            return base
    return word.removesuffix("e") if len(word) > 4 else word


_STOPS = STOP_WORDS | {stem(word) for word in STOP_WORDS}
