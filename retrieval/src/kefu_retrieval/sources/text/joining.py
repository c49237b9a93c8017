"""Making one line of several: Chinese goes on without a space, English with one, and a word cut by a hyphen grows together."""

import re
from collections.abc import Iterable

from kefu_retrieval.sources.text.language import HAN

_CJK = f"{HAN}\u3000-\u303f\uff00-\uffef"
_CJK_END = re.compile(f"[{_CJK}]\\Z")
_CJK_START = re.compile(f"\\A[{_CJK}]")
_CUT_WORD = re.compile(r"[a-z]-\Z")
_BETWEEN_HAN = re.compile(f"(?<=[{_CJK}])[ \t]+(?=[{_CJK}])")


def join(lines: Iterable[str]) -> str:
    """The lines of one paragraph as one."""
    whole = ""
    for line in lines:
        if not whole:
            whole = line
        elif _CUT_WORD.search(whole) and line[:1].islower():
            whole = whole[:-1] + line
        elif _CJK_END.search(whole) and _CJK_START.search(line):
            whole += line
        else:
            whole += f" {line}"
    return whole


def close_up(text: str) -> str:
    """The text without the spaces that recognition and justified print leave between Chinese characters."""
    return _BETWEEN_HAN.sub("", text)
