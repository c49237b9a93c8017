"""Texts beside a collection, as rows of a second one: a property would be too small for them, and be read with every description.

Texts are cut into pieces that fit a VARCHAR. Rows carry a vector that says nothing, since Milvus stores none without.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pymilvus import DataType, MilvusClient  # type: ignore[import-untyped]
from pymilvus.milvus_client.index import IndexParams  # type: ignore[import-untyped]
from pymilvus.orm.schema import CollectionSchema  # type: ignore[import-untyped]

PIECE = 16_000
"""Characters of a piece, which are at most 64,000 bytes; the limit is 65,535."""
BATCH = 50
"""Pieces of one insertion, or of one answer: 1 MB as a rule."""
_END = "\n"
"""Behind each text: none of ours holds a line end."""


def name(collection: str) -> str:
    """Of the collection that holds the notes beside `collection`."""
    return f"{collection}_notes"


def is_name(collection: str) -> bool:
    """Whether a collection holds notes."""
    return collection.endswith("_notes")


def schema() -> CollectionSchema:
    """Pieces by their number."""
    made = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    made.add_field("id", DataType.INT64, is_primary=True)
    made.add_field("text", DataType.VARCHAR, max_length=65_535)
    made.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    return made


def indexes() -> IndexParams:
    """What loading asks for."""
    made = MilvusClient.prepare_index_params()
    made.add_index("vector", index_type="FLAT", metric_type="L2")
    return made


def record(number: int, text: str) -> dict[str, Any]:
    """A row."""
    return {"id": number, "text": text, "vector": [0.0, 1.0]}


def pieces(notes: Iterable[str]) -> Iterator[str]:
    """The texts as pieces."""
    held = ""
    for note in notes:
        held += note + _END
        while len(held) >= PIECE:
            yield held[:PIECE]
            held = held[PIECE:]
    if held:
        yield held


def texts(parts: Iterable[str]) -> Iterator[str]:
    """The texts that were cut into these pieces."""
    held = ""
    for piece in parts:
        *whole, held = (held + piece).split(_END)
        yield from whole
