"""From fused candidates to judged ones, most confident first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kefu_retrieval.search import answer_type
from kefu_retrieval.search.confidence import Evidence, confidence
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.lexicon import Lexicon, Weighed
from kefu_retrieval.search.question import Question
from kefu_retrieval.store.rows import Payload

JUDGED = 40
"""Fused candidates that are judged: those far down in both legs are never among the first few."""
AROUND = 4
"""Rows whose mean cosine says how near a chunk is all in all."""
PARAPHRASE = 0.6
"""Cosine above which two questions mostly mean the same to the built-in encoder."""
UNSEEN = 0.75
"""A row that the dense leg did not bring counts as near as the floor, or as this part of the chunk's nearest row: among few
documents the floor lies so deep that it would say more about the index than about the chunk."""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scale:
    """What one search's numbers are measured against."""

    floor: float
    """At most this is the cosine of a row that the dense leg did not bring."""
    bm25: float
    """The best BM25 score."""
    foreign: float
    """Which part of the candidates is not in the query's language."""
    features: Weighed
    concepts: Weighed

    @classmethod
    def of(cls, question: Question, judged: Sequence[Fused], lexicon: Lexicon) -> "Scale":
        """Look at the query and all candidates at once."""
        dense = [row.score for chunk in judged for row in chunk.legs.get("dense", ())]
        sparse = [row.score for chunk in judged for row in chunk.legs.get("sparse", ())]
        foreign = sum(not _same_language(question, chunk.payload) for chunk in judged)
        return cls(
            floor=min(dense, default=0.0),
            bm25=max(sparse, default=0.0),
            foreign=foreign / max(1, len(judged)),
            features=lexicon.weighed(question.features),
            concepts=lexicon.weighed_concepts(question.concepts),
        )


@dataclass(frozen=True)
class Judged:
    """A candidate, what speaks for it, and how sure that makes it."""

    chunk: Fused
    seen: Evidence
    confidence: float
    standing: Mapping[str, float] = field(default_factory=dict)
    """What gives its document its place, for a question of several parts; else the confidence alone does."""
    boosts: Mapping[str, float] = field(default_factory=dict)
    """Factors of its odds that count for its place, by name."""
    relevance: float | None = None
    """By the reranker, 0 to 1; None: it was not asked about this one."""

    @property
    def payload(self) -> Payload:
        """Of the chunk."""
        return self.chunk.payload


def rank(question: Question, candidates: Sequence[Fused], lexicon: Lexicon) -> list[Judged]:
    """Candidates in order of confidence, then of fused score."""
    judged = candidates[:JUDGED]
    scale = Scale.of(question, judged, lexicon)
    found = [judge(question, chunk, lexicon, scale) for chunk in judged]
    return sorted(found, key=lambda each: (-each.confidence, -each.chunk.score))


def judge(question: Question, chunk: Fused, lexicon: Lexicon, scale: Scale) -> Judged:
    """One candidate, measured against the others of its search."""
    seen = evidence(question, chunk, lexicon, scale)
    return Judged(chunk, seen, round(confidence(seen), 4))


def evidence(question: Question, chunk: Fused, lexicon: Lexicon, scale: Scale) -> Evidence:
    """What is known about one candidate."""
    payload = chunk.payload
    cosines = [row.score for row in chunk.legs.get("dense", ())] or [scale.floor]
    cosines += [max(scale.floor, UNSEEN * cosines[0])] * AROUND
    sparse = chunk.legs.get("sparse")
    probes = {row.payload.probe for rows in chunk.legs.values() for row in rows}
    passage = lexicon.passage(payload)
    asked = scale.features.names
    matched = [asked & lexicon.features(probe) for probe in probes]
    concepts = title = _NOTHING
    if scale.concepts.names:
        concepts = passage.meant.union(*map(lexicon.vocabulary.concepts, probes))
        title = passage.headed
    return Evidence(
        nearest=cosines[0],
        alike=max(0.0, (cosines[0] - PARAPHRASE) / (1 - PARAPHRASE)),
        second=cosines[1],
        around=sum(cosines[:AROUND]) / AROUND,
        keywords=sparse[0].score / scale.bm25 if sparse and scale.bm25 else 0.0,
        probe=max(map(scale.features.share, matched)),
        words=scale.features.share((asked & passage.said).union(*matched)),
        concepts=scale.concepts.share(concepts),
        title=scale.concepts.share(title),
        plain=float(not question.concepts),
        holds=float(bool(answer_type.held(payload.text, question.expected))),
        foreign=0.0 if _same_language(question, payload) else scale.foreign,
    )


def _same_language(question: Question, payload: Payload) -> bool:
    return question.language == payload.language or "und" in (question.language, payload.language)


def full(payload: Payload) -> str:
    """All that a passage says, under its title and headings."""
    return " ".join([payload.title, *payload.headings, payload.text])
