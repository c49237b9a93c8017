"""Follow-up questions made whole: "and for headphones?" is looked up together with the question before it."""

import re
from collections.abc import Sequence

from kefu_api.wire.search import MAX_QUERY
from kefu_retrieval.chunks import terms
from kefu_retrieval.sources.text.language import HAN

FEW_WORDS = 3
FEW_CHARACTERS = 6
"""Content words and Chinese characters up to which a question may live on the one before it."""

_LEANS = re.compile(
    r"^(?:那|还有|然后|另外|如果是|换成|and\b|what about|how about|also\b|or\b|then\b|what if)"
    r"|(?:呢|的话)[？?]?$|这个|那个|它|同样"
    r"|\b(?:it|that|they|them|those|these|one|ones|same|there|instead)\b",
    re.IGNORECASE,
)
_HAN = re.compile(f"[{HAN}]")


def whole(question: str, history: Sequence[str]) -> str:
    """`question`, behind the one that it leans on if it does; `history` holds earlier questions, latest last.

    It leans on it when it is short and says so ("what about", 那…呢), or when it holds next to nothing of its own. Of a chain of
    such questions the last one that stands by itself is taken.
    """
    if not history or not _leans(question):
        return question
    earlier = next((asked for asked in reversed(history) if not _leans(asked)), history[-1])
    return f"{earlier} {question}"[-MAX_QUERY:]


def _leans(question: str) -> bool:
    features = terms.features(question)
    words = sum(not _HAN.search(feature) for feature in features)
    characters = sum(len(feature) == 1 for feature in features if _HAN.search(feature))
    if words > FEW_WORDS or characters > FEW_CHARACTERS:
        return False
    return bool(_LEANS.search(question.strip())) or words + characters / 2 <= 1
