"""From fused candidates to hits: judge each, most confident first."""

from collections.abc import Sequence

from kefu_api.wire.search import Hit
from kefu_retrieval.chunks import terms
from kefu_retrieval.search.confidence import Evidence, confidence
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.question import Question

JUDGED = 40
"""Fused candidates that are judged: those far down in both legs are never among the first few (they cost 0.1 ms each)."""


def rank(question: Question, candidates: Sequence[Fused], lexicon: Lexicon) -> list[Hit]:
    """Hits in order of confidence, then of fused score."""
    judged = candidates[:JUDGED]
    floor = min((chunk.legs["dense"].score for chunk in judged if "dense" in chunk.legs), default=0.0)
    unknown = lexicon.unknown(question.features)
    hits = [_hit(chunk, _evidence(question, chunk, lexicon, floor, unknown)) for chunk in judged]
    return sorted(hits, key=lambda hit: (-hit.confidence, -hit.score))


def _evidence(question: Question, chunk: Fused, lexicon: Lexicon, floor: float, unknown: float) -> Evidence:
    """`floor`: at most this is the cosine of a chunk that the dense leg did not bring."""
    payload = chunk.payload
    dense = chunk.legs.get("dense")
    text = terms.features(" ".join([payload.title, *payload.headings, payload.text]))
    probes = {leg.payload.probe for leg in chunk.legs.values()}
    return Evidence(
        cosine=dense.score if dense else floor,
        text=lexicon.coverage(question.features, text),
        probe=max(lexicon.coverage(question.features, terms.features(probe)) for probe in probes),
        unknown=unknown,
        same_language=question.language == payload.language or "und" in (question.language, payload.language),
    )


def _hit(chunk: Fused, evidence: Evidence) -> Hit:
    payload = chunk.payload
    return Hit(
        chunk=payload.chunk,
        document=payload.document,
        title=payload.title,
        headings=payload.headings,
        text=payload.text,
        language=payload.language,
        tags=payload.tags,
        score=round(chunk.score, 6),
        confidence=round(confidence(evidence), 4),
    )
