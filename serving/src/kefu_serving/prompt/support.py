"""Whether a sentence of the model's rests on the passage that it cites: a small model picks the right passage more often
than it copies from it."""

import re
from dataclasses import dataclass
from decimal import Decimal

from kefu_serving.prompt.figures import claimed, offered, plain

SHARE = 0.5
"""Least share of a sentence's content terms that passage or question must hold: a paraphrase keeps more, another
passage's sentence less."""
FEWEST = 2
"""Below so many content terms ("Yes.", "可以的。") there is nothing to compare but figures."""

TOUCH = 0.125
"""Least share of a sentence's content terms that the question must hold for the sentence to be on its subject. Answers
paraphrase questions, so it is low; of the example shop's stray sentences none reaches it."""

CITATION = re.compile(r"\[(\d{1,3})\]")
_HAN_RUN = re.compile(r"[㐀-鿿豈-﫿]+")
_LATIN = re.compile(r"[a-z]{4,}")
_WORD = re.compile(r"[A-Za-z]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$")
_FUNCTION = re.compile(
    r"可以|不能|无法|需要|如果|我们|您好|您|你|我|的|了|吗|呢|吧|是|能|会|请|或|和|与|在|也|都|就|将|把|被|对|有|没|不|这|那|个|后|内"
)
_STOP = frozenset({
    "also", "been", "does", "from", "have", "here", "into", "only", "that", "their", "them", "then", "there", "they", "this",
    "unless", "until", "what", "when", "which", "will", "with", "within", "would", "your", "yours",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grounds:
    """What passages (title and text) or a question can vouch for: worked out once, held against many sentences."""

    figures: frozenset[Decimal]
    terms: frozenset[str]
    han: int
    """How many Han characters, and how many Latin words: a word weighs as much as a character."""
    latin: int

    @classmethod
    def of(cls, text: str) -> "Grounds":
        """Of one text."""
        return cls(offered(text), _terms(text), *_script(text))

    def __or__(self, other: "Grounds") -> "Grounds":
        """Of both together."""
        return Grounds(
            self.figures | other.figures, self.terms | other.terms, self.han + other.han, self.latin + other.latin
        )

    @property
    def is_chinese(self) -> bool:
        """By what most of it is written in."""
        return self.han > self.latin


class Claim:
    """A sentence of the model's; citations in it are ignored. Everything here is pure comparison, no model."""

    def __init__(self, sentence: str) -> None:
        said = CITATION.sub("", sentence)
        self._figures = claimed(said)
        self._terms = _terms(said)
        self._said = said

    def rests_on(self, passages: Grounds, question: Grounds) -> bool:
        """Whether passages and question bear it out:

        - every figure of it, however written, occurs in them; and
        - at least `SHARE` of its content terms do: Han bigrams around function words, and Latin words of more than three
          letters without case and endings. Fewer than `FEWEST` terms are not counted.

        Passages in the other language are held to their figures alone.
        """
        if not self._figures <= passages.figures | question.figures:
            return False
        if len(self._terms) < FEWEST or self._is_chinese != passages.is_chinese:
            return True
        return len(self._terms & (passages.terms | question.terms)) >= SHARE * len(self._terms)

    def speaks_of(self, question: Grounds) -> bool:
        """Whether it is on the question's subject: `TOUCH` of its content terms occur there."""
        return bool(self._terms) and len(self._terms & question.terms) >= TOUCH * len(self._terms)

    @property
    def is_bare(self) -> bool:
        """Whether it says too little to be compared with anything."""
        return not self._figures and len(self._terms) < FEWEST

    @property
    def _is_chinese(self) -> bool:
        han, latin = _script(self._said)
        return han > latin


def _terms(text: str) -> frozenset[str]:
    text = plain(text)
    words = {_stem(word) for word in _LATIN.findall(text) if word not in _STOP}
    runs = _HAN_RUN.findall(_FUNCTION.sub(" ", text))
    return frozenset(words | {run[at : at + 2] for run in runs for at in range(len(run) - 1)})


def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def _script(text: str) -> tuple[int, int]:
    """Han characters and Latin words."""
    return sum(map(len, _HAN_RUN.findall(text))), len(_WORD.findall(text))
