"""Holding the model's words until a sentence is whole, because only a whole sentence can be held against its evidence."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from operator import or_

from kefu_serving.prompt.passages import Passage
from kefu_serving.prompt.support import CITATION, Claim, Grounds

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
        self._asked = question
        self._grounds: dict[int, Grounds] = {}
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
        # A full stop counts once its space has come. Where nothing ends anew, what ended before was looked at already.
        if not _SENTENCE_END.search(self._held, max(0, len(self._held) - len(text) - 1)):
            return ""
        start, released = 0, ""
        for end in _SENTENCE_END.finditer(self._held):
            sentence = self._held[start : end.end()]
            claim = Claim(sentence)
            if claim.is_bare:
                continue
            if not self._passes(sentence, claim):
                break
            released, start = released + sentence, end.end()
        self._held = self._held[start:]
        self._said += released
        return released

    def close(self, tail: str, leading: Sequence[int]) -> str:
        """What may still be shown when the model has ended: its last sentence, and the citation that it began with."""
        shown = self.feed(tail, leading)
        if not self.refuted and self._held and self._passes(self._held, Claim(self._held)):
            shown, self._said = shown + self._held, self._said + self._held
        if self.refuted and self.said:
            shown += "".join(f"[{number}]" for number in leading if f"[{number}]" not in self._said)
        if self._source is not None:
            shown = shown.replace(f"[{self._leading[0]}]", f"[{self._source}]")
        return shown

    def _passes(self, sentence: str, claim: Claim) -> bool:
        self._within = tuple(map(int, CITATION.findall(sentence))) or self._within
        evidence: Iterable[Grounds] = map(self._of, self._passages)
        if self._cited:
            evidence = [reduce(or_, map(self._of, self._cited))]
        self.refuted = not (any(claim.rests_on(each, self._question) for each in evidence) or self._slipped(claim))
        return not self.refuted

    def _slipped(self, claim: Claim) -> bool:
        if self.said or len(self._leading) != 1 or self._cited != self._leading:
            return False
        if not claim.speaks_of(self._question):
            return False
        sources = (number for number in self._passages if claim.rests_on(self._of(number), self._question))
        self._source = next(sources, None)
        if self._source is not None:
            self._within = (self._source,)
        return self._source is not None

    def _of(self, number: int) -> Grounds:
        """What a passage vouches for; most answers need that of one passage alone."""
        if number not in self._grounds:
            passage = self._passages[number]
            self._grounds[number] = Grounds.of(f"{passage.title}\n{passage.text}")
        return self._grounds[number]

    @cached_property
    def _question(self) -> Grounds:
        return Grounds.of(self._asked)
