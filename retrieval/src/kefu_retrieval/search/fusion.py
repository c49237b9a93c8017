"""Fusion: several rankings of rows in, one ranking of chunks out, by ranks or by scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kefu_retrieval.store.rows import Found, Payload

RANK_CONSTANT = 60
"""`k` of the formula, as in the paper; it keeps the first few ranks close together."""


@dataclass(frozen=True)
class Leg:
    """One ranking and its weight."""

    name: str
    weight: float
    found: Sequence[Found]


@dataclass
class Fused:
    """A chunk that at least one leg found."""

    payload: Payload
    score: float
    legs: dict[str, list[Found]]
    """The chunk's rows in each leg that found it, best first, by the leg's name."""


def fuse(legs: Sequence[Leg], candidates: int, fusion: Literal["RRF", "Weights"] = "RRF") -> list[Fused]:
    """Chunks by weighted rank or score, best first; several rows of one chunk count once, at their best.

    RRF: score(d) = Σ weight(leg) / (60 + rank(leg, d)), with ranks from 1 to `candidates` in each leg. Source: Cormack, Clarke,
    Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.

    Weights: score(d) = Σ weight(leg) · (s(leg, d) - min) / (max - min), over the leg's candidates; a chunk that a leg does not
    bring gets nothing from it. Source: Bruch, Gai, Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023.

    Ties are broken by chunk id, so that equal inputs give equal orders.
    """
    fused: dict[str, Fused] = {}
    for leg in legs:
        chunks = _by_chunk(leg)[:candidates]
        share = _by_rank(chunks) if fusion == "RRF" else _by_score(chunks)
        for place, rows in enumerate(chunks):
            payload = rows[0].payload
            held = fused.setdefault(payload.chunk, Fused(payload, 0.0, {}))
            held.legs[leg.name] = rows
            held.score += leg.weight * share(place)
    return sorted(fused.values(), key=lambda chunk: (-chunk.score, chunk.payload.chunk))


def _by_rank(_: Sequence[Sequence[Found]]) -> Callable[[int], float]:
    return lambda place: 1 / (RANK_CONSTANT + place + 1)


def _by_score(chunks: Sequence[Sequence[Found]]) -> Callable[[int], float]:
    scores = [rows[0].score for rows in chunks]
    least, most = min(scores, default=0.0), max(scores, default=0.0)
    return lambda place: (scores[place] - least) / (most - least) if most > least else 1.0


def _by_chunk(leg: Leg) -> list[list[Found]]:
    """The leg's rows by chunk, chunks in order of their best row."""
    chunks: dict[str, list[Found]] = {}
    for row in leg.found:
        chunks.setdefault(row.payload.chunk, []).append(row)
    return list(chunks.values())
