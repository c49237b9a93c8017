"""A query, looked at once."""

from dataclasses import dataclass

from kefu_retrieval.chunks import terms
from kefu_retrieval.search import answer_type
from kefu_retrieval.search.vocabulary import Vocabulary, built_in
from kefu_retrieval.sources.text import language


@dataclass(frozen=True)
class Question:
    """What both legs and the confidence want to know of a query."""

    text: str
    language: str
    features: frozenset[str]
    """Of its subject: words that only ask ("how long", 怎么办) are left out, unless there is nothing else."""
    normal: str
    """For the keyword leg."""
    concepts: frozenset[str]
    expected: frozenset[str]
    """Kinds of figures that it asks for."""

    @classmethod
    def of(cls, text: str, vocabulary: Vocabulary | None = None) -> "Question":
        """Detect the language, cut into words, and tell what is asked for."""
        known = vocabulary or built_in()
        subject = answer_type.subject(text)
        return cls(
            text=text,
            language=language.detect(text),
            features=terms.features(subject) or terms.features(text),
            normal=terms.normal(" ".join([text, *known.also(text)])),
            concepts=known.concepts(subject),
            expected=answer_type.expected(text),
        )
