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
    score: float
    legs: dict[str, list[Found]]
    """The chunk's rows in each leg that found it, best first, by the leg's name."""


def fuse(legs: Sequence[Leg], candidates: int) -> list[Fused]:
    """Chunks by weighted reciprocal rank, best first; several rows of one chunk count once, at their best rank.

    score(d) = Σ weight(leg) / (60 + rank(leg, d)), with ranks from 1 to `candidates` in each leg; ties are broken by chunk
    id, so that equal inputs give equal orders. Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms
    Condorcet and individual rank learning methods", SIGIR 2009.
    """
    fused: dict[str, Fused] = {}
    for leg in legs:
        for rank, rows in enumerate(_by_chunk(leg)[:candidates], start=1):
            payload = rows[0].payload
            held = fused.setdefault(payload.chunk, Fused(payload, 0.0, {}))
            held.legs[leg.name] = rows
            held.score += leg.weight / (RANK_CONSTANT + rank)
    return sorted(fused.values(), key=lambda chunk: (-chunk.score, chunk.payload.chunk))


def _by_chunk(leg: Leg) -> list[list[Found]]:
    """The leg's rows by chunk, chunks in order of their best row."""
    chunks: dict[str, list[Found]] = {}
    for row in leg.found:
        chunks.setdefault(row.payload.chunk, []).append(row)
    return list(chunks.values())
