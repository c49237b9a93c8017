"""Whether an answer holds a fact, however it is written: full width or half, with or without spaces and separators."""

import re
import unicodedata
from collections.abc import Iterable

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMERALS = "零一二两三四五六七八九十百千万"


def normalise(text: str) -> str:
    """Lower case, half width (Unicode NFKC), no thousands separators; white space stays."""
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower())


def holds(answer: str, alternative: str) -> bool:
    """Whether the answer holds one way of writing a fact, spaces aside, and not as a part of a longer number: `5 days` is
    neither in `15 days` nor in `1.5 days`, `四天` not in `十四天`, `seven days` not in `twenty-seven days`."""
    letters = "".join(normalise(alternative).split())
    if not letters:
        return False
    pattern = _before(letters[0]) + r"\s*".join(map(re.escape, letters)) + _after(letters[-1])
    return re.search(pattern, normalise(answer)) is not None


def holds_all(answer: str, groups: Iterable[Iterable[str]]) -> bool:
    """Whether the answer holds at least one alternative of each group."""
    return all(any(holds(answer, alternative) for alternative in group) for group in groups)


def _before(first: str) -> str:
    if first.isdecimal():
        return r"(?<!\d)(?<!\d[.,])"
    if first in _NUMERALS:
        return f"(?<![{_NUMERALS}])"
    return r"(?<![a-z])(?<![a-z]-)" if first.isascii() and first.isalpha() else ""


def _after(last: str) -> str:
    return r"(?!\d)(?![.,]\d)" if last.isdecimal() else ""
