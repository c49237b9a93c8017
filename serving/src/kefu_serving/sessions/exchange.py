"""One past question and its answer: all that a conversation is made of."""

import json
from typing import NamedTuple

MAX_REMEMBERED = 2_000
"""Longest question or answer kept, in characters; the model sees far less of it."""


class Exchange(NamedTuple):
    """What the customer asked and what the bot answered."""

    question: str
    answer: str

    def to_json(self) -> str:
        """As it lies in Redis."""
        return json.dumps([self.question[:MAX_REMEMBERED], self.answer[:MAX_REMEMBERED]], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Exchange":
        """As it was written; raises ValueError when it is not an exchange."""
        question, answer = json.loads(text)
        return cls(str(question), str(answer))
