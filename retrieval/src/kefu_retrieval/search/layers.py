"""One ranking out of those of a version's layers, so that a version that is built on another is searched as a whole one is.

Cosines are comparable as they are. BM25 is not: a word is rare or common within one collection, and the few rows of a version's
own say little about that. So the scores of the smaller layers are told anew by one count of words for the whole version
(`Lexicon.relevance`), and brought to the scale of the largest layer by what that count makes of its best rows.
"""

from collections.abc import Sequence
from statistics import median

from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.store.rows import Found

COMPARED = 8
"""Best rows of the largest layer by which the scales are compared."""

Ranking = Sequence[Found]


def dense(layers: Sequence[Ranking], limit: int) -> list[Found]:
    """The nearest rows of all layers, best first."""
    return _best([row for layer in layers for row in layer], limit)


def sparse(layers: Sequence[Ranking], limit: int, features: frozenset[str], lexicon: Lexicon) -> list[Found]:
    """The best rows of all layers by their words, best first; the last layer is the largest, and keeps its scores."""
    *small, large = layers
    told = [[(row, lexicon.relevance(features, row.payload.probe)) for row in layer] for layer in small]
    scale = _scale(large, features, lexicon)
    moved = [Found(row.payload, scale * share) for layer in told for row, share in layer if share > 0]
    return _best([*large, *moved], limit)


def _scale(large: Ranking, features: frozenset[str], lexicon: Lexicon) -> float:
    shares = [(row.score, lexicon.relevance(features, row.payload.probe)) for row in large[:COMPARED]]
    return median([score / share for score, share in shares if share > 0] or [1.0])


def _best(rows: Sequence[Found], limit: int) -> list[Found]:
    return sorted(rows, key=lambda row: -row.score)[:limit]
