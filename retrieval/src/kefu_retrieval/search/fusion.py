"""Reciprocal rank fusion: several rankings of rows in, one ranking of chunks out."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Of the row that the heavier leg ranked best."""
    score: float
    legs: dict[str, float]
    """The chunk's best score in each leg that found it, by the leg's name."""


def fuse(legs: Sequence[Leg]) -> list[Fused]:
    """Chunks by weighted reciprocal rank, best first; several rows of one chunk count once, at their best rank.

    score(d) = Σ weight(leg) / (60 + rank(leg, d)), with ranks from 1; ties are broken by chunk id, so that equal inputs give
    equal orders. Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet…", SIGIR 2009.
    """
    fused: dict[str, Fused] = {}
    for leg in sorted(legs, key=lambda leg: -leg.weight):
        rank = 0
        for row in leg.found:
            held = fused.get(row.payload.chunk)
            if held is not None and leg.name in held.legs:
                continue
            rank += 1
            if held is None:
                held = fused[row.payload.chunk] = Fused(row.payload, 0.0, {})
            held.legs[leg.name] = row.score
            held.score += leg.weight / (RANK_CONSTANT + rank)
    return sorted(fused.values(), key=lambda chunk: (-chunk.score, chunk.payload.chunk))
