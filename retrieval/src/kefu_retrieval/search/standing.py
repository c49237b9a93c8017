"""How much a long question as a whole speaks for each document that its parts found.

A document's standing is a sum of parts, each from 0 (the least) to its weight (the most among the documents found):

- how many of the question's phrases it holds (1);
- how many of its words stand in the document's title (`TITLE`);
- for how many of its sentences it is the best document, or nearly so (`SENTENCES` / √n of n sentences);
- how far up it was found for each part: Σ over parts of 1 / (`FOUND_AT` + rank) (`FOUND`; reciprocal rank fusion, Cormack et al. 2009).

Phrases and words are compared by BM25 among these documents, those that k sentences say with the weight √k. A sentence gives
each document a vote, (score / best score) ^ `SHARP`, score being the sum of its words' and its phrases' BM25: each matter that a letter
speaks of has its own documents, however short it is. Of a few sentences each is a matter by itself; of many, most tell around it,
and √n holds their votes back. How this was chosen, and what was tried beside it: `docs/decisions/0030-each-sentence-of-a-long-question-votes.md`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kefu_retrieval.chunks import sentences, terms
from kefu_retrieval.search.bm25 import Texts
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.phrases import phrases
from kefu_retrieval.store.rows import Payload

TITLE = 0.5
SENTENCES = 2.0
SHARP = 5
FOUND = 0.3
FOUND_AT = 5
SENTENCE = 100
"""Estimated tokens beyond which a sentence is cut."""


@dataclass(frozen=True)
class _Sentence:
    words: frozenset[str]
    pairs: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "_Sentence":
        return cls(terms.features(text), frozenset(phrases(text)))


def standing(
    text: str, held: Mapping[str, Sequence[Payload]], found: Sequence[Sequence[str]], lexicon: Lexicon
) -> dict[str, dict[str, float]]:
    """What each document's standing is made of, by the formula above.

    `held`: its passages that were found; `found`: documents for each part of the question, the best first.
    """
    asked = [said for sentence in sentences.split(text, SENTENCE) if (said := _Sentence.of(sentence)).words]
    words = Counter(word for sentence in asked for word in sentence.words)
    pairs = Counter(pair for sentence in asked for pair in sentence.pairs)
    titles = Texts(words, {name: dict.fromkeys(lexicon.features(of[0].title), 1) for name, of in held.items()})
    texts = Texts(words, {name: _words(of, lexicon) for name, of in held.items()})
    phrased = Texts(pairs, {name: _phrases(of) for name, of in held.items()})
    scores = {
        "phrases": (1.0, phrased.scores(_often(pairs))),
        "title": (TITLE, titles.scores(_often(words))),
        "sentences": (SENTENCES / math.sqrt(max(1, len(asked))), _votes(asked, texts, phrased)),
        "found": (FOUND, _reciprocal_ranks(found)),
    }
    shares = {kind: (weight, _scaled(of, held)) for kind, (weight, of) in scores.items()}
    return {name: {kind: weight * share[name] for kind, (weight, share) in shares.items()} for name in held}


def _often(counts: Mapping[str, int]) -> dict[str, float]:
    return {word: math.sqrt(count) for word, count in counts.items()}


def _votes(asked: Sequence[_Sentence], words: Texts, pairs: Texts) -> dict[str, float]:
    votes: dict[str, float] = defaultdict(float)
    for sentence in asked:
        scores = words.scores(dict.fromkeys(sentence.words, 1.0))
        for name, score in pairs.scores(dict.fromkeys(sentence.pairs, 1.0)).items():
            scores[name] = scores.get(name, 0.0) + score
        best = max(scores.values(), default=0.0)
        for name, score in scores.items():
            votes[name] += (score / best) ** SHARP
    return votes


def _reciprocal_ranks(found: Sequence[Sequence[str]]) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for documents in found:
        for place, name in enumerate(documents):
            scores[name] += 1 / (FOUND_AT + place + 1)
    return scores


def _words(passages: Sequence[Payload], lexicon: Lexicon) -> Mapping[str, int]:
    """In how many of a document's passages each word stands."""
    return Counter(word for each in passages for word in lexicon.passage(each).said)


def _phrases(passages: Sequence[Payload]) -> Mapping[str, int]:
    """Of a document, as far as its passages are known: its title once, headings and texts."""
    counts: dict[str, int] = defaultdict(int)
    texts = {passages[0].title: None} | {"\n".join((*passage.headings, passage.text)): None for passage in passages}
    for text in texts:
        for phrase, count in phrases(text).items():
            counts[phrase] += count
    return counts


def _scaled(scores: Mapping[str, float], names: Iterable[str]) -> dict[str, float]:
    full = {name: scores.get(name, 0.0) for name in names}
    least, most = min(full.values(), default=0.0), max(full.values(), default=0.0)
    return {name: (score - least) / (most - least) if most > least else 0.0 for name, score in full.items()}
