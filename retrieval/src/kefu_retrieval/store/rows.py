"""What a store holds and gives back."""

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict

from kefu_api import digest
from kefu_api.documents.index import LAYOUT
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
    page: int | None = None
    """Number of the document's page from 1, where it has pages."""
    valid_from: date | None = None
    """First day on which it holds; None: always has."""
    valid_until: date | None = None
    """Last day on which it holds; None: always will."""
    content: str = ""
    """Digest of what the chunk says, wherever it says it: chunks that say the same in two versions have equal ones."""
    also: tuple[str, ...] = ()
    """Other documents that say (nearly) the same; they have no chunk of their own."""


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


@dataclass(frozen=True)
class ChunkRef:
    """A chunk, as far as versions are compared."""

    document: str
    chunk: str
    content: str
    """`Payload.content`; empty where rows do not say."""
    row: str = ""
    """`Row.id`."""


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
    """Of its own collection; a base holds others."""
    sparse: bool
    created: float
    """Seconds since 1970, UTC."""
    layout: int = LAYOUT
    """The shape of its rows; what another Kefu built in another shape is built anew."""
    base: str | None = None
    """The version whose collection holds the rest of the rows; None: all are in this version's own."""
    replaced: tuple[str, ...] = ()
    """Marks of the base's documents that this version lacks, or has otherwise."""


MARKED_BYTES = 1_000
"""Of a document's name, that its mark depends on."""


def mark(document: str) -> str:
    """A document's name in 16 hex digits; names that are alike in their first thousand bytes have one mark."""
    return digest.of_bytes(document.encode()[:MARKED_BYTES])[:16]
