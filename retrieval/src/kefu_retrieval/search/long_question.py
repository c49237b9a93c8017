"""Answers to a question of many parts: which documents it needs, told by all parts together, and the best passages of each.

A document's standing is a sum, the first three from 0 (the least) to 1 (the most among the documents found), of

- how many of the question's phrases it holds (BM25 among these documents),
- how many of its words stand in the document's title (`TITLE`),
- how far up it was found for each part: Σ over parts of 1 / (`FOUND_AT` + rank) (`FOUND`; reciprocal rank fusion, Cormack et al. 2009),
- and, of the best documents so far, the confidence that their surest passage answers the part that found it (`SURE`).

The weights were chosen on the development half of τ²-banking; questions put together from CMRC's and from saleor-docs' judge them
(`docs/reference/retrieval.md`).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from kefu_retrieval.chunks import terms
from kefu_retrieval.search import ranking
from kefu_retrieval.search.boosts import lift
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.phrases import bm25, phrases
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import Judged, Scale
from kefu_retrieval.store.rows import Payload

TITLE = 0.5
FOUND = 0.3
FOUND_AT = 5
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
    standings = standing(text, parts, {name: [seen.chunk.payload for seen in held] for name, held in documents.items()})
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
    standing = {**made_of, "confidence": SURE * found[0].confidence}
    return [replace(each, chunk=replace(each.chunk, score=sum(standing.values())), standing=standing) for each in found]


def standing(text: str, parts: Sequence[Part], held: Mapping[str, Sequence[Payload]]) -> dict[str, dict[str, float]]:
    """What each document's standing is made of, by the formula above; `held` are its passages that were found."""
    said = bm25(frozenset(phrases(text)), {name: _phrases(passages) for name, passages in held.items()})
    titles = {name: dict.fromkeys(terms.features(passages[0].title), 1) for name, passages in held.items()}
    named = bm25(terms.features(text), titles)
    found: dict[str, float] = defaultdict(float)
    for part in parts:
        for place, name in enumerate(dict.fromkeys(chunk.payload.document for chunk in part.candidates)):
            found[name] += 1 / (FOUND_AT + place + 1)
    scaled = {"phrases": (1.0, _scaled(said)), "title": (TITLE, _scaled(named)), "found": (FOUND, _scaled(found))}
    return {name: {kind: weight * share[name] for kind, (weight, share) in scaled.items()} for name in held}


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


def _phrases(passages: Sequence[Payload]) -> Mapping[str, int]:
    """Of a document, as far as its passages are known: its title once, headings and texts."""
    counts: dict[str, int] = defaultdict(int)
    texts = {passages[0].title: None} | {"\n".join((*passage.headings, passage.text)): None for passage in passages}
    for text in texts:
        for phrase, count in phrases(text).items():
            counts[phrase] += count
    return counts


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    least, most = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    return {name: (score - least) / (most - least) if most > least else 0.0 for name, score in scores.items()}
