"""Words that stand together, compared: of a long question nearly every document holds some word, but few hold two in a row."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from kefu_retrieval.chunks import terms

_CACHED = 8_192
_CLAUSE_END = re.compile(r"[!?;:()\[\]\"|*#\n。！？；：，、（）“”…]|[.,](?!\d)")


@lru_cache(_CACHED)
def phrases(text: str) -> Mapping[str, int]:
    """How often each two content words, or two Chinese characters, follow one another in `text`, within one clause."""
    found: Counter[str] = Counter()
    for clause in _CLAUSE_END.split(text):
        found.update(terms.phrases(clause))
    return found
