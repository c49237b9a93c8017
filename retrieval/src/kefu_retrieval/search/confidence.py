"""How sure it is that a chunk answers the query: one number, comparable between queries, versions and languages.

    confidence = 1 / (1 + exp(-z))
    z = 8.5·cosine + 2.6·text + 2.4·probe - 0.9·unknown - 4.75          (query and chunk in one language)
    z = 8.5·cosine + 1.65·unknown² - 0.9·unknown - 4.75                 (in different languages)

- *cosine*: of the query and the chunk's nearest probe (question, variant, sentence or whole passage).
- *text*: which part of the query's content words the chunk's title, headings and text hold, each word weighted by how rare
  it is in this version (`Lexicon.coverage`).
- *probe*: the same against the best single probe, so that words which stand together count more.
- *unknown*: which part of the query's weight no document of this version holds at all ("Canada", "比特币").

Between languages words cannot be compared. Where the version holds nothing in the query's language (unknown near 1), a square
stands for middling values of the two; where it does, a chunk in that language is to be preferred.

The weights of the first line are a logistic regression (L2 = 0.003, rounded) over the 60 golden questions of `examples/shop` and
250 questions of CMRC 2018, each of these asked once with and once without its passage; an answerable question weighs as two
unanswerable ones, because a false refusal ends the conversation while the language model may still decline. The second line is
set by hand on the golden questions.
"""

import math
from dataclasses import dataclass

BIAS = -4.75
BY_COSINE = 8.5
BY_TEXT = 2.6
BY_PROBE = 2.4
BY_UNKNOWN = -0.9
IN_PLACE_OF_WORDS = 1.65


@dataclass(frozen=True)
class Evidence:
    """What is known about one chunk and one query; every number is between 0 and 1 (the cosine may be negative)."""

    cosine: float
    text: float
    probe: float
    unknown: float
    same_language: bool


def confidence(evidence: Evidence) -> float:
    """Between 0 and 1, by the formula above."""
    z = BIAS + BY_COSINE * evidence.cosine + BY_UNKNOWN * evidence.unknown
    if evidence.same_language:
        z += BY_TEXT * evidence.text + BY_PROBE * evidence.probe
    else:
        z += IN_PLACE_OF_WORDS * evidence.unknown**2
    return 1 / (1 + math.exp(-z))
