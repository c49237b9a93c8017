"""Whether a sentence of the model's rests on the passage that it cites: a small model picks the right passage more often
than it copies from it."""

import re

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
_FUNCTION = re.compile(
    r"可以|不能|无法|需要|如果|我们|您好|您|你|我|的|了|吗|呢|吧|是|能|会|请|或|和|与|在|也|都|就|将|把|被|对|有|没|不|这|那|个|后|内"
)
_STOP = frozenset({
    "also", "been", "does", "from", "have", "here", "into", "only", "that", "their", "them", "then", "there", "they", "this",
    "unless", "until", "what", "when", "which", "will", "with", "within", "would", "your", "yours",
})  # fmt: skip


def is_supported(sentence: str, passage: str, question: str) -> bool:
    """Whether passage (title and text) and question bear a sentence out. Pure comparison, no model:

    - every figure of the sentence, however written, occurs in passage or question; and
    - at least `SHARE` of its content terms do: Han bigrams around function words, and Latin words of more than three
      letters without case and endings. Fewer than `FEWEST` terms are not counted.

    A passage in the other language is held to its figures alone. Citations in the sentence are ignored.
    """
    said = CITATION.sub("", sentence)
    if not claimed(said) <= offered(passage) | offered(question):
        return False
    terms = _terms(said)
    if len(terms) < FEWEST or _is_chinese(said) != _is_chinese(passage):
        return True
    return len(terms & (_terms(passage) | _terms(question))) >= SHARE * len(terms)


def speaks_of(sentence: str, question: str) -> bool:
    """Whether a sentence is on the question's subject: `TOUCH` of its content terms occur there."""
    terms = _terms(CITATION.sub("", sentence))
    return bool(terms) and len(terms & _terms(question)) >= TOUCH * len(terms)


def is_bare(sentence: str) -> bool:
    """Whether a sentence says too little to be compared with anything."""
    said = CITATION.sub("", sentence)
    return not claimed(said) and len(_terms(said)) < FEWEST


def _terms(text: str) -> frozenset[str]:
    text = plain(text)
    words = {_stem(word) for word in _LATIN.findall(text) if word not in _STOP}
    runs = _HAN_RUN.findall(_FUNCTION.sub(" ", text))
    return frozenset(words | {run[at : at + 2] for run in runs for at in range(len(run) - 1)})


def _stem(word: str) -> str:
    return re.sub(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$", "", word)


def _is_chinese(text: str) -> bool:
    """By what most of it is written in: a Latin word weighs as much as a Han character."""
    return sum(map(len, _HAN_RUN.findall(text))) > len(re.findall(r"[A-Za-z]+", text))
