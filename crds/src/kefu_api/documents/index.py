"""The index document: what the ingestion job builds, and how the retrieval service searches it.

The operator renders it twice: into the ConfigMap that the retrieval service follows, and into an immutable one, named by
the version, for the ingestion job.
"""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

FILE = "index.json"


class SourceDocument(Model):
    """One source: files in a folder, or text in place."""

    name: str
    format: Literal["FAQ", "Markdown"]
    path: str | None = None
    """Mounted folder; every regular file in it (not starting with a dot) is one document file."""
    inline: str | None = None
    digest: str
    """`kefu_api.digest.of_files` of what the version was named for; a folder that differs has changed meanwhile."""


class Chunking(Model):
    """How documents are cut."""

    tokens: int
    overlap: int


class BuiltinEmbedding(Model):
    """The multilingual sentence encoder inside the retrieval image (CPU, 512 dimensions)."""

    kind: Literal["builtin"] = "builtin"


class EndpointEmbedding(Model):
    """An OpenAI-compatible `/v1/embeddings` server."""

    kind: Literal["endpoint"] = "endpoint"
    url: str
    """Base URL without `/v1`."""
    model: str
    dimension: int
    api_key_file: str | None = None


Embedding = Annotated[BuiltinEmbedding | EndpointEmbedding, Field(discriminator="kind")]


class StoreTarget(Model):
    """A Milvus server and our names in it."""

    uri: str
    database: str | None = None
    token_file: str | None = None
    """Mounted file holding `user:password` or a token."""
    alias: str
    """Milvus alias that readers search; always points at the published collection."""


class SearchSettings(Model):
    """How queries are answered."""

    top_k: int
    candidates: int
    """How many hits each leg (dense, sparse) brings to the fusion."""
    dense: float
    sparse: float
    """Weights of the two legs in the fusion."""
    min_confidence: float


class Index(Model):
    """One index at one version."""

    schema_version: Literal["v1"] = "v1"
    namespace: str
    name: str
    version: str
    """Hash of sources, chunking and embedding: equal inputs have equal versions. Readers do not look at it."""
    languages: tuple[str, ...]
    sources: tuple[SourceDocument, ...] = ()
    """Empty in the document that the retrieval service follows."""
    chunking: Chunking
    embedding: Embedding
    store: StoreTarget
    search: SearchSettings
    keep: int
    """How many versions stay in the store, the published one included."""

    @property
    def collection(self) -> str:
        """Milvus collection of this version."""
        return f"{self.store.alias}_{self.version}"


class Skipped(Model):
    """A document file or entry that was left out, and why."""

    document: str
    reason: str


class IngestionReport(Model):
    """What the ingestion job tells the operator in its termination message (at most 4096 bytes)."""

    version: str
    published: bool
    documents: int
    chunks: int
    embedded: int
    """Chunks whose vectors were computed; the others were copied from the published version."""
    skipped: tuple[Skipped, ...] = ()
    """The first few; `skipped_total` counts all."""
    skipped_total: int = 0


class IngestionFailure(Model):
    """What a failed ingestion job tells the operator in its termination message."""

    reason: str
    """CamelCase, e.g. StoreUnreachable, SourceChanged, NothingToIndex, EmbeddingFailed."""
    message: str
    temporary: bool
