"""How sure it is that a chunk answers the query: one number, comparable between queries, versions and languages.

    confidence = 1 / (1 + exp(-z)),  z = BIAS + Σ weight · evidence  (`WEIGHTS` below)

The same z orders the hits, so that a surer hit never stands behind a less sure one.

The weights were learnt (L-BFGS, L2 = 0.003, all but the bias held above zero, rounded to a decimal) on two losses at once: the softmax
of a question's right chunks among its candidates, and the logistic loss of "the best candidate answers it", in which an answerable
question weighs as 1.3 unanswerable ones. Questions: the 60 golden ones of `examples/shop`, over all its documents, over those of the
other language alone, and over eighths of them, where most have no answer; 200 of CMRC 2018 (passages); 300 of BANKING77 with four
utterances of each intent as an FAQ; 150 titles of τ²-banking's documents, which stand without them. A question of CMRC and
BANKING77 counts once with and once without its right chunks among the candidates. `docs/reference/retrieval.md` holds what came
of it, the golden questions held out.

`holds` is held below 3: it alone must not make a near miss sure ("how much is a phone", beside what an invoice costs).
"""

import math
from operator import mul
from typing import NamedTuple


class Evidence(NamedTuple):
    """What is known about one chunk and one query; every number is between 0 and 1 (cosines may be negative)."""

    nearest: float
    """Cosine of the query and the chunk's nearest row (question, variant, sentence or whole passage)."""
    alike: float
    """How far `nearest` lies above 0.6, as a part of what lies above it: 0 unless the row all but repeats the query."""
    second: float
    """Cosine of the second row: one that is near by chance seldom has a like."""
    around: float
    """Mean cosine of the four nearest rows."""
    keywords: float
    """BM25, as a part of the best chunk's."""
    probe: float
    """Which part of the query's weight the best single row holds, so that words which stand together count more."""
    words: float
    """The same of the chunk's title, headings, text and found rows together."""
    concepts: float
    """Which part of the query's concepts they speak of, in whatever words and language."""
    title: float
    """The same of the title and last heading."""
    plain: float
    """1 for a query without concepts, else 0: it stands for what the two before cannot say."""
    holds: float
    """1 when the query asks for a figure ("how many days") and the text has one of that kind, else 0."""
    foreign: float
    """0 for a chunk in the query's language; for others the part of all candidates that are foreign too: it stands for the words
    that languages do not share, and where there is something in the query's language, a translation is second best."""


BIAS = -11.3
WEIGHTS = {
    "nearest": 3.9,
    "alike": 0.6,
    "second": 4.0,
    "around": 3.3,
    "keywords": 1.3,
    "probe": 3.0,
    "words": 3.3,
    "concepts": 2.8,
    "title": 1.4,
    "plain": 1.4,
    "holds": 3.0,
    "foreign": 3.4,
}
_WEIGHTS = tuple(WEIGHTS[name] for name in Evidence._fields)


def confidence(seen: Evidence) -> float:
    """Between 0 and 1, by the formula above."""
    z = BIAS + sum(map(mul, _WEIGHTS, seen))
    return 1 / (1 + math.exp(-z))


def contributions(seen: Evidence) -> dict[str, float]:
    """What each kind of evidence adds to z."""
    return {name: weight * getattr(seen, name) for name, weight in WEIGHTS.items()}
