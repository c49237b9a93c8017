"""Choosing and cutting the evidence that the model reads, because every token of it costs prefill time on a CPU."""

import re
from typing import NamedTuple

from kefu_api.wire.chat import Citation
from kefu_api.wire.search import Hit

MAX_PASSAGES = 4
MAX_WEIGHT = 300
"""Longest passage in approximate tokens: a Han character counts one, any other character a quarter."""
MAX_QUOTE = 160
"""Longest quotation in place of an answer, in the same approximate tokens: nine in ten passages of the shop are shorter."""
SHARE = 0.5
BEHIND = 0.3
"""A hit with less than this share of the best hit's confidence, or so far behind it, only distracts a small model.

Measured on the example shop's golden questions: of four hits, as many as ever hold the answer, and a third fewer are read (2.6 for 3.9).
"""
ENOUGH = 0.03
"""Reading stops once the chance that none of the passages so far holds the answer is below this, were their confidences
independent: on the golden questions no answer is lost by it, and a sure question costs one passage in place of four."""

_HAN = re.compile(r"[　-〿㐀-鿿豈-﫿＀-￯]")
_SENTENCE_END = re.compile(r"(?<=[。！？；\n])|(?<=[.!?;])\s")


class Passage(NamedTuple):
    """One numbered piece of evidence."""

    number: int
    hit: Hit
    text: str

    @property
    def title(self) -> str:
        """The FAQ's question, or a policy's heading path: a table says little without what stands above it."""
        return " › ".join(self.hit.headings) or self.hit.title

    def quote(self) -> str:
        """Its own words, for when the model's will not do: whole sentences, no more than a customer reads."""
        return cut(self.text, MAX_QUOTE)

    def citation(self) -> Citation:
        """As the customer sees it."""
        return Citation(number=self.number, document=self.hit.document, title=self.title, text=self.text)


def weight(text: str) -> float:
    """The approximate number of tokens of a text."""
    han = len(_HAN.findall(text))
    return han + (len(text) - han) / 4


def cut(text: str, limit: float = MAX_WEIGHT) -> str:
    """The longest run of whole sentences within the limit; a first sentence that is too long is cut with an ellipsis."""
    if weight(text) <= limit:
        return text
    kept = ""
    for sentence in _SENTENCE_END.split(text):
        if weight(kept + sentence) > limit:
            break
        kept += sentence if sentence.endswith("\n") or not sentence.isascii() else f"{sentence} "
    if kept.strip():
        return kept.strip()
    share = limit / weight(text)
    return text[: int(len(text) * share)].rstrip() + "…"


def choose(hits: tuple[Hit, ...], language: str, count: int = MAX_PASSAGES) -> tuple[Passage, ...]:
    """The best hits, numbered from 1, the best one first.

    The order was tried both ways on the 1.5B model: it is fond of `[1]`, so that is where the likeliest passage belongs.
    `hits` come best first. A translation of a kept hit (same document but for its language) is left out.
    """
    if not hits:
        return ()
    best = hits[0].confidence
    floor = max(best * SHARE, best - BEHIND)
    near = [hit for hit in hits if hit.confidence >= floor]
    native = {_topic(hit) for hit in near if hit.language == language}
    chosen = [hit for hit in near if hit.language == language or _topic(hit) not in native]
    read = _until_enough(chosen[:count])
    return tuple(Passage(number, hit, cut(hit.text)) for number, hit in enumerate(read, start=1))


def _until_enough(hits: list[Hit]) -> list[Hit]:
    missed = 1.0
    for read, hit in enumerate(hits, start=1):
        missed *= 1 - hit.confidence
        if missed < ENOUGH:
            return hits[:read]
    return hits


def _topic(hit: Hit) -> str:
    return re.sub(r"\.(zh|en)(?=$|\.|#)", "", hit.document)
