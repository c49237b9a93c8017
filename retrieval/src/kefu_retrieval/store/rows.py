"""What a store holds and gives back."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from kefu_retrieval.embeddings.protocol import Vectors


@dataclass(frozen=True)
class Payload:
    """What a row says about its chunk; the same in every row of a chunk, save `probe`."""

    chunk: str
    document: str
    title: str
    headings: tuple[str, ...]
    text: str
    language: str
    tags: tuple[str, ...]
    probe: str
    """The text this row is found by."""


@dataclass(frozen=True)
class Row:
    """One probe of one chunk."""

    id: str
    key: str
    """Names what was embedded, and how: rows of equal keys have equal vectors."""
    payload: Payload
    terms: str
    """The probe in `chunks.terms.normal` form, for the keyword leg."""
    vector: Vectors


@dataclass(frozen=True)
class Found:
    """A row that a leg found."""

    payload: Payload
    score: float
    """Dense: cosine similarity. Sparse: BM25, higher is better."""


class Manifest(BaseModel):
    """What a collection was meant to hold, written when it is created: it is complete when it has that many rows."""

    model_config = ConfigDict(frozen=True)

    alias: str
    version: str
    embedder: str
    """`Embedder.fingerprint`."""
    dimension: int
    documents: int
    chunks: int
    rows: int
    sparse: bool
    created: float
    """Seconds since 1970, UTC."""
