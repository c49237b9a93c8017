"""Answers to a question of many parts: which documents it needs, told by all parts together, and the best passages of each.

Documents stand in order of `standing`, to which comes, for the best of them so far, `SURE` times the confidence that their surest
passage answers the part that found it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from kefu_retrieval.search import ranking
from kefu_retrieval.search.boosts import lift
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged, Scale
from kefu_retrieval.search.standing import standing
from kefu_retrieval.store.rows import Payload

SURE = 0.2
DOCUMENTS = 50
"""Documents whose passages are judged: a response has no more hits."""
PASSAGES = 3
"""Passages of each."""


Boosting = Callable[[Payload], Mapping[str, float]]


@dataclass(frozen=True)
class Part:
    """One part of the question, and the candidates that it brought, best first."""

    question: Question
    candidates: Sequence[Fused]


@dataclass(frozen=True)
class _Seen:
    """A passage, for the part of the question that found it best."""

    part: int
    chunk: Fused


def rank(text: str, parts: Sequence[Part], lexicon: Lexicon, boosts: Boosting | None = None) -> list[Judged]:
    """The best passage of each document, the documents in order of standing; behind them their second passages, and so on.

    `boosts` tells what counts for or against a passage; a document's standing is multiplied by what counts for its best one.
    """
    documents = _documents(parts)
    passages = {name: [seen.chunk.payload for seen in held] for name, held in documents.items()}
    found = [tuple(dict.fromkeys(chunk.payload.document for chunk in part.candidates)) for part in parts]
    standings = standing(text, passages, found, lexicon)
    scales = [Scale.of(part.question, part.candidates[: ranking.JUDGED], lexicon) for part in parts]
    first = sorted(documents, key=lambda name: (-sum(standings[name].values()), name))[:DOCUMENTS]
    judged = [_judged(documents[name][:PASSAGES], standings[name], parts, scales, lexicon) for name in first]
    if boosts:
        judged = [[replace(each, boosts=boosts(each.payload)) for each in held] for held in judged]
    judged.sort(key=lambda held: (-held[0].chunk.score * math.exp(lift(held[0].boosts)), held[0].payload.document))
    return [each for each in chain.from_iterable(zip_longest(*judged)) if each]


def _judged(
    held: Sequence[_Seen],
    made_of: Mapping[str, float],
    parts: Sequence[Part],
    scales: Sequence[Scale],
    lexicon: Lexicon,
) -> list[Judged]:
    """A document's passages, the surest first, each with the document's standing."""
    found = [ranking.judge(parts[seen.part].question, seen.chunk, lexicon, scales[seen.part]) for seen in held]
    found.sort(key=lambda each: (-each.confidence, -each.chunk.score))
    whole = {**made_of, "confidence": SURE * found[0].confidence}
    return [replace(each, chunk=replace(each.chunk, score=sum(whole.values())), standing=whole) for each in found]


def _documents(parts: Sequence[Part]) -> dict[str, list[_Seen]]:
    """Passages by document, those first that the parts find best."""
    best: dict[str, _Seen] = {}
    for number, part in enumerate(parts):
        for chunk in part.candidates:
            known = best.get(chunk.payload.chunk)
            if known is None or chunk.score > known.chunk.score:
                best[chunk.payload.chunk] = _Seen(number, chunk)
    documents: dict[str, list[_Seen]] = defaultdict(list)
    for seen in sorted(best.values(), key=lambda seen: (-seen.chunk.score, seen.chunk.payload.chunk)):
        documents[seen.chunk.payload.document].append(seen)
    return documents
