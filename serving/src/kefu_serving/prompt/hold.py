"""Holding the model's words until a sentence is whole, because only a whole sentence can be held against its evidence."""

import re
from collections.abc import Sequence

from kefu_serving.prompt.passages import Passage
from kefu_serving.prompt.support import CITATION, is_bare, is_supported, speaks_of

_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s)")


class SupportGate:
    """Releases the sentences that the evidence bears out; the first other one ends the answer.

    A sentence is compared with the passages that it cites, else with those cited so far, else with any. One too short to
    be compared ("Yes.") waits for the next. An answer on the question's subject that begins with one number but is borne
    out by another passage has slipped in the number: `close` puts it right. `refuted` turns True with the first
    unsupported sentence, which is never released: nothing further is worth waiting for.
    """

    def __init__(self, passages: Sequence[Passage], question: str) -> None:
        self._passages = {passage.number: passage for passage in passages}
        self._question = question
        self._held = ""
        self._within: tuple[int, ...] = ()
        """What the last sentence with citations of its own cited."""
        self._leading: tuple[int, ...] = ()
        self._source: int | None = None
        self._said = ""
        self.refuted = False

    @property
    def said(self) -> bool:
        """Whether any sentence was released."""
        return bool(self._said.strip())

    @property
    def meant(self) -> Passage:
        """The passage that the model was using: the one to quote in place of its words."""
        return self._passages[self._cited[0] if self._cited else min(self._passages)]

    @property
    def _cited(self) -> tuple[int, ...]:
        return self._within or self._leading

    def feed(self, text: str, leading: Sequence[int]) -> str:
        """The whole sentences that may be shown now; `leading` are the numbers with which the model began."""
        if self.refuted:
            return ""
        self._leading = tuple(leading)
        self._held += text
        start, released = 0, ""
        for end in _SENTENCE_END.finditer(self._held):
            sentence = self._held[start : end.end()]
            if is_bare(sentence):
                continue
            if not self._passes(sentence):
                break
            released, start = released + sentence, end.end()
        self._held = self._held[start:]
        self._said += released
        return released

    def close(self, tail: str, leading: Sequence[int]) -> str:
        """What may still be shown when the model has ended: its last sentence, and the citation that it began with."""
        shown = self.feed(tail, leading)
        if not self.refuted and self._held and self._passes(self._held):
            shown, self._said = shown + self._held, self._said + self._held
        if self.refuted and self.said:
            shown += "".join(f"[{number}]" for number in leading if f"[{number}]" not in self._said)
        if self._source is not None:
            shown = shown.replace(f"[{self._leading[0]}]", f"[{self._source}]")
        return shown

    def _passes(self, sentence: str) -> bool:
        self._within = tuple(map(int, CITATION.findall(sentence))) or self._within
        if self._cited:
            evidence = ["\n".join(_read(self._passages[number]) for number in self._cited)]
        else:
            evidence = [_read(passage) for passage in self._passages.values()]
        self.refuted = not (any(self._bears(text, sentence) for text in evidence) or self._slipped(sentence))
        return not self.refuted

    def _slipped(self, sentence: str) -> bool:
        if self.said or len(self._leading) != 1 or self._cited != self._leading:
            return False
        if not speaks_of(sentence, self._question):
            return False
        sources = (number for number, passage in self._passages.items() if self._bears(_read(passage), sentence))
        self._source = next(sources, None)
        if self._source is not None:
            self._within = (self._source,)
        return self._source is not None

    def _bears(self, evidence: str, sentence: str) -> bool:
        return is_supported(sentence, evidence, self._question)


def _read(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}"
