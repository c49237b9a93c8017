"""The shape of a collection, and its rows and hits in Milvus's words."""

from datetime import date
from typing import Any

import numpy as np
from pymilvus import DataType, Function, FunctionType, MilvusClient  # type: ignore[import-untyped]
from pymilvus.milvus_client.index import IndexParams  # type: ignore[import-untyped]
from pymilvus.orm.schema import CollectionSchema  # type: ignore[import-untyped]

from kefu_retrieval.store.rows import Manifest, Payload, Row

MANIFEST = "kefu.manifest"
"""Collection property that holds the manifest as JSON."""
CALIBRATION = "kefu.calibration"
"""Collection property that holds what the confidence means; it may change while the collection is read."""
FLAT_UP_TO = 5_000
"""Rows up to which vectors are compared one by one: exact, and fast enough; beyond it an HNSW graph."""
MAX_TEXT = 65_000
"""Bytes; Milvus's limit of a VARCHAR is 65,535."""
PAYLOAD_FIELDS = [
    "chunk", "document", "title", "labels", "text", "language", "probe", "page", "valid_from", "valid_until", "content",
]  # fmt: skip
"""`labels` is an object with headings, tags and other documents: Milvus 2.3 takes no JSON array at the top."""
FIRST_DAY, LAST_DAY = 0, 9999_99_99
"""What stands for "always has" and "always will" where days are numbers like 20261120, so that a filter is two comparisons:
`valid_from <= 20261120 and valid_until >= 20261120`."""

ANALYZER = {
    "tokenizer": "jieba",
    "filter": [{"type": "stop", "stop_words": ["的", "了", "吗", "呢", "the", "a", "an"]}],
}
"""The terms arrive folded and stemmed (`chunks.terms.normal`), so that only cutting Chinese into words is left."""


def schema(manifest: Manifest) -> CollectionSchema:
    """Fields of a collection; the keyword field only where the server can search it (a 2.3 server would abort)."""
    made = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    made.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    made.add_field("key", DataType.VARCHAR, max_length=64)
    for name, limit in (("chunk", 64), ("document", 1_024), ("title", 4_096), ("language", 8)):
        made.add_field(name, DataType.VARCHAR, max_length=limit)
    made.add_field("content", DataType.VARCHAR, max_length=64)
    for name in ("page", "valid_from", "valid_until"):
        made.add_field(name, DataType.INT64)
    made.add_field("labels", DataType.JSON)
    for name in ("text", "probe"):
        made.add_field(name, DataType.VARCHAR, max_length=65_535)
    made.add_field("vector", DataType.FLOAT_VECTOR, dim=manifest.dimension)
    if manifest.sparse:
        made.add_field("terms", DataType.VARCHAR, max_length=65_535, enable_analyzer=True, analyzer_params=ANALYZER)
        made.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        made.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["terms"],
                output_field_names=["sparse"],
            )
        )
    return made


def indexes(manifest: Manifest) -> IndexParams:
    """Indexes of a collection of that size."""
    made = MilvusClient.prepare_index_params()
    if manifest.rows <= FLAT_UP_TO:
        made.add_index("vector", index_type="FLAT", metric_type="COSINE")
    else:
        made.add_index("vector", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 200})
    if manifest.sparse:
        made.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    return made


def record(row: Row, sparse: bool) -> dict[str, Any]:
    """A row as Milvus takes it; texts are cut at Milvus's limit."""
    payload = row.payload
    made: dict[str, Any] = {
        "id": row.id,
        "key": row.key,
        "chunk": payload.chunk,
        "document": _fit(payload.document, 1_024),
        "title": _fit(payload.title, 4_096),
        "language": payload.language,
        "content": payload.content,
        "page": payload.page or 0,
        "valid_from": day(payload.valid_from, FIRST_DAY),
        "valid_until": day(payload.valid_until, LAST_DAY),
        "labels": {"headings": list(payload.headings), "tags": list(payload.tags), "also": list(payload.also)},
        "text": _fit(payload.text, MAX_TEXT),
        "probe": _fit(payload.probe, MAX_TEXT),
        "vector": np.asarray(row.vector, dtype=np.float32),
    }
    if sparse:
        made["terms"] = _fit(row.terms, MAX_TEXT)
    return made


def payload(entity: Any) -> Payload:
    """What a row with `PAYLOAD_FIELDS` says."""
    return Payload(
        chunk=entity["chunk"],
        document=entity["document"],
        title=entity["title"],
        headings=tuple(entity["labels"]["headings"]),
        text=entity["text"],
        language=entity["language"],
        tags=tuple(entity["labels"]["tags"]),
        probe=entity["probe"],
        page=entity["page"] or None,
        valid_from=_date(entity["valid_from"], FIRST_DAY),
        valid_until=_date(entity["valid_until"], LAST_DAY),
        content=entity["content"],
        also=tuple(entity["labels"]["also"]),
    )


def manifest(text: str) -> Manifest:
    """The manifest that a collection carries.

    Raises:
        ValueError: it is none of ours.
    """
    read = Manifest.model_validate_json(text)
    return read if "layout" in read.model_fields_set else read.model_copy(update={"layout": 1})  # the first did not say


def day(value: date | None, absent: int) -> int:
    """20261120 for 2026-11-20."""
    return absent if value is None else value.year * 10_000 + value.month * 100 + value.day


def _date(number: int, absent: int) -> date | None:
    return None if number == absent else date(number // 10_000, number // 100 % 100, number % 100)


def _fit(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")
