"""A long question cut into parts that are looked up each: one vector of many matters is near none of them."""

from kefu_retrieval.chunks import sentences, terms, tokens

SHORT = 40
"""Estimated tokens up to which a question is looked up whole, as nearly every question is."""
PART = 25
"""Estimated tokens of a part: some neighbouring sentences, as what "it" means stands in the sentence before."""
MOST = 24
"""Parts of one question; of a longer one the parts are longer. Each costs two searches in the store."""
TELLING = 2
"""Content features below which a part asks for nothing."""
SENTENCE = 100
"""Estimated tokens up to which a sentence stays whole."""
_LONGER = 1.25


def cut(text: str) -> tuple[str, ...]:
    """The parts of `text`, in order, or `text` alone where it is short."""
    if tokens.estimate(text) <= SHORT:
        return (text,)
    limit = float(PART)
    while len(parts := _packed(text, limit)) > MOST:
        limit *= _LONGER
    return tuple(part for part in parts if len(terms.features(part)) >= TELLING) or (text,)


def _packed(text: str, limit: float) -> list[str]:
    """Sentences put together up to `limit` tokens."""
    parts = [""]
    for sentence in sentences.split(text, max(limit, SENTENCE)):
        if parts[-1] and tokens.estimate(parts[-1] + sentence) > limit:
            parts.append("")
        parts[-1] += sentence
    return [part.strip() for part in parts]
