"""A query, looked at once."""

from dataclasses import dataclass

from kefu_retrieval.chunks import terms
from kefu_retrieval.sources import language


@dataclass(frozen=True)
class Question:
    """What both legs and the confidence want to know of a query."""

    text: str
    language: str
    features: frozenset[str]
    normal: str
    """For the keyword leg."""

    @classmethod
    def of(cls, text: str) -> "Question":
        """Detect the language and cut into words."""
        return cls(text, language.detect(text), terms.features(text), terms.normal(text))
