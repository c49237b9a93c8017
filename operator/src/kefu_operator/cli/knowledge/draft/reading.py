"""From what a model said to questions: one a line, in the language that was asked for, none twice."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

SHORTEST, LONGEST = 4, 200
"""Characters of a question."""
ALIKE = 0.8
"""Share of common pairs of letters from which two questions are one."""

_MARKS = re.compile(r"^\s*(?:[-*•·]|\(?\d{1,2}[.)、:：]|[Qq问](?:uestion)?\s*\d*\s*[:：.])\s*")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_ENDS = ("?", "？")


def questions(said: str, language: str) -> list[str]:
    """The lines that are questions in that language, without numbers, bullets and quotes."""
    found = []
    for line in said.splitlines():
        text = _MARKS.sub("", line).strip().strip("\"'“”「」*` ")
        if SHORTEST <= len(text) <= LONGEST and text.endswith(_ENDS) and bool(_HAN.search(text)) == (language == "zh"):
            found.append(text)
    return found


@dataclass(frozen=True)
class Shape:
    """What is compared of two questions."""

    pairs: frozenset[str]
    """Neighbouring letters, whatever width, case and punctuation."""
    figures: str
    """Digits in order: "within 7 days" and "within 15 days" are two questions."""

    @classmethod
    def of(cls, text: str) -> "Shape":
        """The shape of a question."""
        letters = [each for each in unicodedata.normalize("NFKC", text).lower() if each.isalnum()]
        return cls(frozenset(map("".join, pairwise(letters))), "".join(filter(str.isdecimal, letters)))

    def is_like(self, other: "Shape") -> bool:
        """Whether both are nearly the same question."""
        alike = len(self.pairs & other.pairs) >= ALIKE * len(self.pairs | other.pairs)
        return alike and self.figures == other.figures


def is_new(text: str, known: Iterable[Shape]) -> bool:
    """Whether no known question is nearly the same."""
    shape = Shape.of(text)
    return not any(shape.is_like(other) for other in known)
