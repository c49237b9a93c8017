"""A version's passages, each once: what its graph is made of, so that there is no second source of truth."""

from collections.abc import Iterable, Iterator

from kefu_retrieval.errors import GraphFailed
from kefu_retrieval.store.rows import Payload
from kefu_retrieval.store.view import Layer

MOST = 50_000
"""Passages of a version up to which it has a graph: those that say something stay in memory."""
BATCH = 1_000


def passages(layers: Iterable[Layer]) -> Iterator[Payload]:
    """The payload of every chunk of a version, in no promised order.

    Raises:
        GraphFailed: there are more than `MOST`.
        RetrievalError: the store does not say.
    """
    count = 0
    for layer in layers:
        rows = list({each.chunk: each.row for each in layer.chunks()}.values())
        count += len(rows)
        if count > MOST:
            raise GraphFailed(
                f"a graph is made of {MOST} passages at most, and there are {count} or more; divide the index"
            )
        for start in range(0, len(rows), BATCH):
            yield from layer.store.payloads(layer.collection, rows[start : start + BATCH])
