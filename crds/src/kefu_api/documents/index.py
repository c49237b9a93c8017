"""The index document: what the ingestion job builds, and how the retrieval service searches it.

The operator renders it twice: into the ConfigMap that the retrieval service follows, and into an immutable one, named by
the version, for the ingestion job.
"""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

FILE = "index.json"
LAYOUT = 2
"""Counts the shapes that stored rows have had; part of a version's name, so that a new shape is built beside the old one."""


class Columns(Model):
    """Which columns of a table, or fields of a JSON record, hold what; what is absent is guessed."""

    id: str | None = None
    title: str | None = None
    text: tuple[str, ...] = ()
    """The only ones that are indexed; empty: every column."""
    tags: str | None = None


class SourceDocument(Model):
    """One source: files in a folder, or text in place."""

    name: str
    format: Literal["Auto", "FAQ", "Markdown", "HTML", "PDF", "DOCX", "XLSX", "CSV", "JSONL", "Image"]
    columns: Columns | None = None
    """For tables and JSON records."""
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


class ModelEmbedding(Model):
    """A sentence encoder in a folder, run by onnxruntime in process."""

    kind: Literal["model"] = "model"
    path: str
    """Mounted folder with an ONNX model, `tokenizer.json` and the model's configuration."""


class TritonEmbedding(Model):
    """A model from text to vectors behind the Open Inference Protocol (KServe v2) over HTTP."""

    kind: Literal["triton"] = "triton"
    url: str
    """Base URL without `/v2`."""
    model: str
    dimension: int


Embedding = Annotated[
    BuiltinEmbedding | ModelEmbedding | EndpointEmbedding | TritonEmbedding, Field(discriminator="kind")
]


class ModelReranker(Model):
    """A cross-encoder in a folder, run by onnxruntime in process."""

    kind: Literal["model"] = "model"
    path: str
    """Mounted folder with an ONNX model, `tokenizer.json` and the model's configuration."""
    template: str | None = None
    """One text with `{query}` and `{document}`; None: a pair of texts."""


class EndpointReranker(Model):
    """A server of `/v1/rerank`."""

    kind: Literal["endpoint"] = "endpoint"
    url: str
    """Base URL without `/v1`."""
    model: str
    api_key_file: str | None = None


class ChatReranker(Model):
    """A language model behind `/v1/chat/completions` that gives log probabilities."""

    kind: Literal["chat"] = "chat"
    url: str
    """Base URL without `/v1`."""
    model: str
    api_key_file: str | None = None


Reranker = Annotated[ModelReranker | EndpointReranker | ChatReranker, Field(discriminator="kind")]


class Reranking(Model):
    """What puts the best candidates of a search into their final order."""

    by: Reranker
    candidates: int
    """How many of the best."""
    budget_seconds: float
    """How long a search waits for it."""


class StoreTarget(Model):
    """A Milvus server and our names in it."""

    uri: str
    database: str | None = None
    token_file: str | None = None
    """Mounted file holding `user:password` or a token."""
    ca_file: str | None = None
    """Mounted file of the CA certificates that sign the server's; None: those that everybody trusts."""
    consistency: Literal["Strong", "Bounded", "Eventually"] = "Bounded"
    """Of every search, and of what a version waits for before it is published."""
    alias: str
    """Milvus alias that readers search; always points at the published collection."""


class Freshness(Model):
    """Entries with a date count more the younger they are."""

    half_life_days: float
    weight: float
    """Of what holds from today: its odds count 1 + weight times."""


class Boosts(Model):
    """What comes first among passages that are nearly as likely."""

    freshness: Freshness | None = None
    tags: dict[str, float] = Field(default_factory=dict)
    """Factors of the odds, by tag."""


class SearchSettings(Model):
    """How queries are answered."""

    top_k: int
    candidates: int
    """How many hits each leg (dense, sparse) brings to the fusion."""
    dense: float
    sparse: float
    """Weights of the two legs in the fusion."""
    fusion: Literal["RRF", "Weights"] = "RRF"
    """By rank, or by score."""
    min_confidence: float
    boosts: Boosts | None = None


Metric = Literal["recallAt1", "recallAt5", "recallAt10", "mrr", "ndcgAt5", "answered", "refused"]


class Gate(Model):
    """One score that a version must reach to be published by itself."""

    metric: Metric
    at_least: float


class Evaluation(Model):
    """How a version is judged before it is published."""

    path: str
    """Mounted folder of golden questions: every regular file in it is a YAML list."""
    digest: str
    """`kefu_api.digest.of_files` of the folder."""
    gates: tuple[Gate, ...] = ()
    judged_by: str
    """Hash of questions, gates and search settings; judgements by the same are comparable."""
    calibration: Literal["Off"] | None = None
    """Off: confidences stay the formula's."""


class GraphSettings(Model):
    """How the knowledge graph of a version is read from its passages."""

    sources: tuple[str, ...] = ()
    """Sources that hold products; empty: all."""
    category: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    """Columns that hold the class, and what a product fits, beside those whose names say so."""
    max_products: int


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
    reranking: Reranking | None = None
    """None: the confidence alone orders candidates."""
    vocabulary: tuple[tuple[str, ...], ...] = ()
    """Words of one meaning, beside those that any shop has."""
    graph: GraphSettings | None = None
    """None: searches ask no graph."""
    shards: Annotated[int, Field(ge=2)] | None = None
    """How many jobs build the version together, each with its number from 0 in JOB_COMPLETION_INDEX; None: one alone."""
    keep: int
    """How many versions stay in the store, the published one included."""
    evaluation: Evaluation | None = None
    publish: bool = True
    """Whether the ingestion job publishes what it built, if every gate holds."""
    holds: tuple[str, ...] = ()
    """Versions that are never dropped: the one that `spec.publishing.version` names, and those that releases answer from."""
    max_loss: float = 1.0
    """Largest share of the published version's documents that a new one may lack; with more it is not built."""
    discard: tuple[str, ...] = ()
    """Versions that are dropped before any other: those that a gate refused."""
    volume: str | None = None
    """UID of the store's volume, given back in the report: another volume holds nothing of what is reported."""

    @property
    def collection(self) -> str:
        """Milvus collection of this version."""
        return f"{self.store.alias}_{self.version}"


class Skipped(Model):
    """A document file or entry that was left out, and why."""

    document: str
    reason: str


class Scores(Model):
    """Shares from 0 to 1; None where no question tells."""

    questions: int
    recall_at1: float | None = None
    recall_at5: float | None = None
    recall_at10: float | None = None
    mrr: float | None = None
    ndcg_at5: float | None = None
    answered: float | None = None
    refused: float | None = None


class FailedGate(Model):
    """A gate that a version does not pass."""

    metric: Metric
    at_least: float
    value: float | None = None
    """None: no question tells."""


class CalibrationReport(Model):
    """What a version's confidence was learnt from; errors are expected calibration errors, 0 to 1."""

    questions: int
    before: float
    """Of the formula."""
    after: float
    """Of curves learnt from the other questions (cross-validation)."""


class Judgement(Model):
    """What the golden questions say of a version."""

    judged_by: str
    scores: Scores
    calibration: CalibrationReport | None = None
    """None: the questions were too few to learn from, or taught nothing; confidences are the formula's."""
    failed: tuple[FailedGate, ...] = ()
    against: str | None = None
    """The published version, which was asked the same; None where there is none, or another embedder built it."""
    lost: tuple[str, ...] = ()
    """Ids of the first few questions whose evidence `against` finds and this version does not."""
    lost_total: int = 0
    gained: tuple[str, ...] = ()
    gained_total: int = 0


class Difference(Model):
    """How many came, changed and went."""

    added: int
    changed: int
    removed: int


class VersionChanges(Model):
    """What a version changes in the one that was published when it was built."""

    against: str
    documents: Difference
    chunks: Difference


class HeldVersion(Model):
    """A version that the store holds whole."""

    version: str
    documents: int
    chunks: int
    created: float
    """Seconds since 1970, UTC: when its building began."""


class Repeated(Model):
    """A line that most pages of a source repeat; it was left on the first of them."""

    source: str
    line: str
    pages: int
    """On how many pages it was found, at least."""


class Alike(Model):
    """Two documents that say nearly the same in some place."""

    first: str
    second: str
    share: float
    """Share of common text, 0 to 1."""


class ShardReport(Model):
    """What a shard that does not lead did: the leader reports of the version."""

    version: str
    shard: int
    shards: int
    chunks: int
    """That fell to it; 0 where the version was built already."""
    embedded: int
    """Of these, those that had a vector computed."""


class IngestionReport(Model):
    """What the ingestion job tells the operator in its termination message (at most 4096 bytes)."""

    version: str
    published: bool
    documents: int
    chunks: int
    embedded: int
    """Chunks with a vector that was computed; those of the others were copied from versions in the store."""
    lost: float | None = None
    """Share of the published version's documents that this one lacks; None where no other version was published."""
    duplicates: int = 0
    """Chunks that say what another says: they are indexed once, with all their documents."""
    alike: tuple[Alike, ...] = ()
    """The first few; `alike_total` counts all."""
    alike_total: int = 0
    repeated: tuple[Repeated, ...] = ()
    """The first few; `repeated_total` counts all."""
    repeated_total: int = 0
    skipped: tuple[Skipped, ...] = ()
    """The first few; `skipped_total` counts all."""
    skipped_total: int = 0
    judgement: Judgement | None = None
    """None where no questions are given."""
    changes: VersionChanges | None = None
    """None where nothing was published before."""
    versions: tuple[HeldVersion, ...] = ()
    """All that the store holds, newest first."""
    answering: str | None = None
    """The version that readers search when the job ends: one that was killed may have published before it could say so."""
    volume: str | None = None
    """`Index.volume`, given back."""


class RemovalReport(Model):
    """What a job that took an index out of its store tells."""

    alias: str
    dropped: int
    """Versions that it dropped."""


class IngestionFailure(Model):
    """What a failed ingestion job tells the operator in its termination message."""

    reason: str
    """CamelCase, e.g. StoreUnreachable, SourceChanged, NothingToIndex, EmbeddingFailed."""
    message: str
    temporary: bool
