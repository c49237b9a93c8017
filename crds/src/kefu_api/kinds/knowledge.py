"""KnowledgeIndex: sources of knowledge, kept as a searchable, versioned index."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.meta import Condition, ConfigMapReference, Metadata, SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.places import Fetching, GitPlace, HttpPlace, S3Place, SitemapPlace, SqlPlace
from kefu_api.kinds.rules import NO_V1, Rule, Ruled, exactly_one_of, unique, unique_names
from kefu_api.kinds.shape import ATOMIC, BY_NAME, BY_TYPE, SET
from kefu_api.kinds.types import (
    Database,
    Duration,
    FolderUri,
    HttpUrl,
    Language,
    MilvusUri,
    Name,
    Ratio,
    Size,
    Subdomain,
    Text,
    VersionName,
)

ColumnName = Annotated[str, Field(min_length=1, max_length=128)]


class Columns(Ruled):
    """Which columns of a table, or fields of JSON records (`a.b` for inner ones), hold what. What is absent is guessed."""

    RULES: ClassVar = (unique("text", remedy="remove the double from columns.text"),)

    id: ColumnName | None = None
    """What names a record; absent: a column called id, sku, 编号 and the like, or else the record's content."""
    title: ColumnName | None = None
    """Absent: a column called title, name, 标题, 名称 and the like."""
    text: Annotated[tuple[ColumnName, ...], Field(max_length=32, json_schema_extra=SET)] = ()
    """The columns that are indexed; empty: all."""
    tags: ColumnName | None = None
    """Tags, between commas; absent: a column called tags, category, 标签, 分类 and the like."""


REMOTE = ("http", "sitemap", "s3", "git", "sql")
MAX_REMOTE = 16
"""Remote sources of an index: as many as a termination message holds the digests of."""
_TABLES = ("Auto", "CSV", "XLSX", "JSONL")
_BINARY = ("PDF", "DOCX", "XLSX", "Image")


class Source(Ruled):
    """One source of documents."""

    RULES: ClassVar = (
        exactly_one_of(
            "inline", "configMap", *REMOTE, remedy="give the text in place, name a ConfigMap, or name a remote place"
        ),
        Rule(
            "!has(self.every) || !(has(self.inline) || has(self.configMap))",
            lambda source: source.every is None or source.place is not None,
            "every is for remote places, since other sources are followed at once: remove every",
        ),
        Rule(
            "!has(self.sql) || self.format in ['FAQ', 'Markdown']",
            lambda source: source.sql is None or source.format in ("FAQ", "Markdown"),
            "rows of a database are FAQ entries or pages: set format to FAQ or Markdown",
        ),
        Rule(
            "!has(self.columns) || self.format in ['Auto', 'CSV', 'XLSX', 'JSONL']",
            lambda source: source.columns is None or source.format in _TABLES,
            "columns are for tables and JSON records: set format to CSV, XLSX, JSONL or Auto, or remove columns",
        ),
        Rule(
            "!has(self.inline) || !(self.format in ['PDF', 'DOCX', 'XLSX', 'Image'])",
            lambda source: source.inline is None or source.format not in _BINARY,
            "a text in place cannot be of a binary format: put the file into the binaryData of a ConfigMap",
        ),
    )

    name: Name
    """Unique within the index; the first part of every document id."""
    format: Literal["Auto", "FAQ", "Markdown", "HTML", "PDF", "DOCX", "XLSX", "CSV", "JSONL", "Image"] = "Auto"
    """Auto: told by each file's name and first bytes. FAQ: entries of question, variants, answer, tags, validFrom and
    validUntil, as a YAML list or as rows of CSV, XLSX and JSONL files. CSV, XLSX and JSONL: a record a document. The others
    are pages, cut at their headings; scanned PDFs and images are recognised."""
    columns: Columns | None = None
    """For CSV, XLSX and JSONL; rows are records then, and never FAQ entries."""
    inline: Annotated[str, Field(min_length=1, max_length=65536)] | None = None
    """The document itself."""
    config_map: ConfigMapReference | None = None
    """A ConfigMap; each of its keys is one document file. Changes are followed."""
    http: HttpPlace | None = None
    """Files by their addresses."""
    sitemap: SitemapPlace | None = None
    """The pages of a web site."""
    s3: S3Place | None = None
    """Objects of an S3 bucket."""
    git: GitPlace | None = None
    """Files of a Git repository."""
    sql: SqlPlace | None = None
    """Rows of a database."""
    every: Duration | None = None
    """How often a remote place is asked whether something changed; absent: 15m."""

    @property
    def place(self) -> HttpPlace | SitemapPlace | S3Place | GitPlace | SqlPlace | None:
        """The remote place, if it is one."""
        return self.http or self.sitemap or self.s3 or self.git or self.sql


class Chunking(Ruled):
    """How documents are cut into chunks. FAQ entries are never cut."""

    RULES: ClassVar = (
        Rule(
            "self.overlap < self.tokens",
            lambda chunking: chunking.overlap < chunking.tokens,
            "overlap must be smaller than tokens: lower chunking.overlap",
        ),
    )

    tokens: Annotated[int, Field(ge=32, le=4096)] = 512
    """Largest chunk, in tokens (estimated)."""
    overlap: Annotated[int, Field(ge=0, le=1024)] = 50
    """How many tokens neighbouring chunks share."""


class BuiltinEmbedding(Part):
    """The multilingual sentence encoder inside the retrieval image: CPU, in process, 512 dimensions."""


class EndpointEmbedding(Ruled):
    """An OpenAI-compatible embeddings server."""

    RULES: ClassVar = (NO_V1,)

    url: HttpUrl
    """Base URL without /v1."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    dimension: Annotated[int, Field(ge=8, le=8192)]
    """Length of its vectors."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class ModelEmbedding(Part):
    """A sentence encoder of your own, run on the CPU inside the retrieval pod (onnxruntime)."""

    uri: FolderUri
    """Folder with model.onnx (or onnx/model.onnx), tokenizer.json and, where the model has them, 1_Pooling/config.json and
    sentence_bert_config.json. Put a changed model into another folder: the version is named for the folder."""


class TritonEmbedding(Part):
    """A model on Triton, or on another server of the Open Inference Protocol (KServe v2), that takes text and gives vectors."""

    url: HttpUrl
    """Base URL without /v2."""
    model: Annotated[str, Field(min_length=1, max_length=128)]
    """Name of the model: one input of type BYTES, one output of floats; an ensemble where the tokenizer is another model."""
    dimension: Annotated[int, Field(ge=8, le=8192)]
    """Length of its vectors."""


class Embedding(Ruled):
    """What turns text into vectors. A change re-embeds everything into a new version."""

    RULES: ClassVar = (exactly_one_of("builtin", "model", "endpoint", "triton", remedy="choose one embedding"),)

    builtin: BuiltinEmbedding | None = None
    """The encoder inside the retrieval image."""
    model: ModelEmbedding | None = None
    """A model folder of your own, run inside the retrieval pod."""
    endpoint: EndpointEmbedding | None = None
    """A server of your own."""
    triton: TritonEmbedding | None = None
    """A Triton of your own."""


class EmbeddedStore(Part):
    """A Milvus Lite server in a pod of its own with a volume; for up to some hundred thousand chunks."""

    size: Size = "2Gi"
    """Size of the volume."""
    storage_class: Subdomain | None = None
    """StorageClass of the volume; absent: the cluster's default."""


class ExternalStore(Part):
    """A Milvus server that somebody else runs."""

    uri: MilvusUri
    """For example http://milvus.milvus:19530."""
    database: Database | None = None
    """Milvus database; absent: the default one."""
    credentials_secret: SecretKeyReference | None = None
    """Secret key that holds `user:password` or a token."""


class Store(Ruled):
    """Where vectors are kept."""

    RULES: ClassVar = (exactly_one_of("embedded", "external", remedy="choose one store"),)

    embedded: EmbeddedStore | None = None
    """Kefu runs a small Milvus for this index."""
    external: ExternalStore | None = None
    """A Milvus of your own."""


class Search(Ruled):
    """How questions are looked up."""

    RULES: ClassVar = (
        Rule(
            "self.topK <= self.candidates",
            lambda search: search.top_k <= search.candidates,
            "topK must not exceed candidates: raise search.candidates",
        ),
        Rule(
            "self.dense.matches('[1-9]') || self.sparse.matches('[1-9]')",
            lambda search: float(search.dense) + float(search.sparse) > 0,
            "dense and sparse must not both be 0: give one of search.dense, search.sparse a weight",
        ),
    )

    top_k: Annotated[int, Field(ge=1, le=50)] = 5
    """How many chunks of evidence a question brings."""
    candidates: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many chunks each leg brings to the fusion."""
    dense: Ratio = "0.6"
    """Weight of the vector leg."""
    sparse: Ratio = "0.4"
    """Weight of the BM25 leg."""
    fusion: Literal["RRF", "Weights"] = "RRF"
    """How the legs become one ranking: by their ranks (reciprocal rank fusion), or by their scores, each leg's from 0 to 1."""
    min_confidence: Ratio = "0.35"
    """Below this the index says it does not know."""


class Concept(Part):
    """One meaning, and the words for it."""

    words: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(min_length=2, max_length=16, json_schema_extra=ATOMIC),
    ]
    """Words and phrases in any language; a question in the one finds documents with the other."""


class Vocabulary(Part):
    """Words of the trade that mean the same, beside those that any shop has. A change is followed; nothing is built anew."""

    concepts: Annotated[tuple[Concept, ...], Field(max_length=256, json_schema_extra=ATOMIC)] = ()
    """One for each meaning."""


class Questions(Part):
    """Where the golden questions are."""

    config_map: ConfigMapReference
    """A ConfigMap; each of its keys is a YAML list of questions. Changes are followed."""


class Gate(Part):
    """One score that a version must reach."""

    metric: Literal["recallAt1", "recallAt5", "recallAt10", "mrr", "ndcgAt5", "answered", "refused"]
    """Which score; docs/reference/retrieval.md gives each one's formula."""
    at_least: Ratio
    """The lowest value with which a version is published by itself."""


class Evaluation(Ruled):
    """How a version is judged before anybody sees it."""

    RULES: ClassVar = (
        Rule(
            "self.gates.all(a, self.gates.exists_one(b, a.metric == b.metric))",
            lambda evaluation: len({gate.metric for gate in evaluation.gates}) == len(evaluation.gates),
            "metrics of gates must differ from each other: remove one of spec.evaluation.gates",
        ),
    )

    questions: Questions
    """The golden questions: what customers ask, and what a right answer is drawn from."""
    gates: Annotated[tuple[Gate, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """Scores that a version must reach; none: versions are judged, and published whatever their scores."""


class Publishing(Part):
    """How versions become visible."""

    mode: Literal["Automatic", "Manual"] = "Automatic"
    """Automatic: a version that passes every gate is published. Manual: only `version` is."""
    version: VersionName | None = None
    """Publish this version, which `status.versions` must name, and stay with it: to go back, or to publish by hand."""
    keep: Annotated[int, Field(ge=1, le=10)] = 3
    """How many versions stay in the store, the published one included."""
    max_loss: Ratio = "0.5"
    """Largest share of the published documents that a new version may lack; one that lacks more (and more than ten) is not built."""


class KnowledgeIndexSpec(Ruled):
    """Desired state of a KnowledgeIndex."""

    RULES: ClassVar = (
        unique_names("sources", remedy="rename one of spec.sources"),
        unique("languages", remedy="remove the double from spec.languages"),
        Rule(
            f"self.sources.filter(s, !has(s.inline) && !has(s.configMap)).size() <= {MAX_REMOTE}",
            lambda spec: sum(source.place is not None for source in spec.sources) <= MAX_REMOTE,
            f"at most {MAX_REMOTE} sources may be remote: make an index of its own of the others",
        ),
    )

    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=2, json_schema_extra=SET)] = ("zh", "en")
    """Languages of the documents and the questions."""
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=32, json_schema_extra=BY_NAME)]
    """Where the knowledge comes from."""
    fetching: Fetching = Fetching()
    """How remote sources are fetched."""
    chunking: Chunking = Chunking()
    """How documents are cut."""
    embedding: Embedding = Embedding(builtin=BuiltinEmbedding())
    """What turns text into vectors."""
    store: Store = Store(embedded=EmbeddedStore())
    """Where vectors are kept."""
    search: Search = Search()
    """How questions are looked up."""
    vocabulary: Vocabulary = Vocabulary()
    """Words of one meaning: synonyms, nicknames of products, names in another language."""
    evaluation: Evaluation | None = None
    """How a version is judged before anybody sees it; absent: it is not."""
    publishing: Publishing = Publishing()
    """How versions become visible."""


class Scores(Part):
    """What the golden questions say of a version; a score that no question tells is absent."""

    questions: Annotated[int, Field(ge=0)]
    """How many questions were asked."""
    recall_at1: Ratio | None = None
    """Answerable questions whose evidence comes first."""
    recall_at5: Ratio | None = None
    """Answerable questions whose evidence is among the first five."""
    recall_at10: Ratio | None = None
    """Answerable questions whose evidence is among the first ten."""
    mrr: Ratio | None = None
    """Mean reciprocal rank of the first evidence."""
    ndcg_at5: Ratio | None = None
    """Normalised discounted cumulative gain of the first five documents."""
    answered: Ratio | None = None
    """Answerable questions that are sure enough to be answered."""
    refused: Ratio | None = None
    """Unanswerable questions that are not."""


class Difference(Part):
    """How many came, changed and went."""

    added: Annotated[int, Field(ge=0)]
    """How many are new."""
    changed: Annotated[int, Field(ge=0)]
    """How many are not as they were."""
    removed: Annotated[int, Field(ge=0)]
    """How many are gone."""


class VersionChanges(Part):
    """What a version changes."""

    against: Text
    """The version that was published when it was built."""
    documents: Difference
    """Documents and FAQ entries."""
    chunks: Difference
    """Chunks."""


class QuestionChanges(Part):
    """Golden questions whose evidence a version finds and another does not."""

    against: Text
    """The version that was published when it was judged."""
    lost: Annotated[int, Field(ge=0)]
    """How many lost their evidence."""
    gained: Annotated[int, Field(ge=0)]
    """How many found it."""
    lost_questions: Annotated[tuple[Text, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """The first of the lost."""
    gained_questions: Annotated[tuple[Text, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """The first of the gained."""


class KnownVersion(Part):
    """A version that is in the store."""

    version: Text
    """Its name."""
    state: Literal["Published", "Kept", "Refused", "Candidate"]
    """Published: it answers. Kept: it did, or might have. Refused: it failed a gate. Candidate: it waits for you."""
    documents: Annotated[int, Field(ge=0)]
    """How many documents and FAQ entries."""
    chunks: Annotated[int, Field(ge=0)]
    """How many chunks."""
    built: Text
    """When its building began (RFC 3339)."""
    skipped: Annotated[int, Field(ge=0)] = 0
    """How many documents or entries were left out."""
    skipped_documents: Annotated[tuple[Text, ...], Field(max_length=8, json_schema_extra=ATOMIC)] = ()
    """The first of them, each with its reason."""
    changes: VersionChanges | None = None
    """What it changes; absent for the first."""
    scores: Scores | None = None
    """What the golden questions say of it."""
    questions: QuestionChanges | None = None
    """Questions lost and gained; absent where there was nothing to compare with."""
    failed_gates: Annotated[tuple[Text, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """Gates that it does not pass, with its figures."""
    judged_by: Text | None = None
    """Hash of the questions, gates and search settings that it was judged by."""


class PublishedVersion(Part):
    """The version that answers now."""

    version: Text
    """Name of the version: a hash of all that went into it."""
    documents: Annotated[int, Field(ge=0)]
    """How many documents and FAQ entries."""
    chunks: Annotated[int, Field(ge=0)]
    """How many chunks."""
    skipped: Annotated[int, Field(ge=0)] = 0
    """How many documents or entries were left out; see `skippedDocuments`."""
    skipped_documents: Annotated[tuple[Text, ...], Field(max_length=32, json_schema_extra=ATOMIC)] = ()
    """The first of them, each with its reason."""
    scores: Scores | None = None
    """What the golden questions say of it."""
    at: Text
    """When it was published (RFC 3339)."""
    job: Text | None = None
    """UID of the Job that published it."""


class CandidateVersion(Part):
    """The version that is being built aside."""

    version: Text
    """Its name."""
    phase: Literal["Pending", "Building", "Evaluating", "Publishing", "Waiting", "Refused", "Failed"]
    """How far it is. Waiting: for `spec.publishing.version`. Refused: it failed a gate."""
    done: Annotated[int, Field(ge=0)] | None = None
    """Chunks that are in the store, or questions that are asked."""
    total: Annotated[int, Field(ge=0)] | None = None
    """Of how many."""


class SourceStatus(Part):
    """A remote source, as it was fetched last."""

    name: Text
    """Name of the source."""
    digest: Text | None = None
    """Of the snapshot that holds; absent: nothing was fetched yet."""
    files: Annotated[int, Field(ge=0)] = 0
    """How many files it has."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """How many files of the place are not in it; the fetch job's log names them."""
    reason: Text | None = None
    """Why the last fetch failed, in one CamelCase word; absent: it did not."""
    message: Text | None = None
    """The same in a sentence."""
    at: Text
    """When it was tried last (RFC 3339)."""


class KnowledgeIndexStatus(Part):
    """Observed state of a KnowledgeIndex."""

    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that this status speaks of."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=BY_TYPE)] = ()
    """Ready, SourcesReady, StoreReady, Evaluated, Published, Progressing."""
    published: PublishedVersion | None = None
    """The version that answers now."""
    candidate: CandidateVersion | None = None
    """The version that is being built aside, if any."""
    versions: Annotated[tuple[KnownVersion, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """Every version in the store, newest first; each can be published by `spec.publishing.version`."""
    volume: Text | None = None
    """UID of the embedded store's volume that holds them; another volume holds nothing of them."""
    url: Text | None = None
    """Where the retrieval service answers inside the cluster."""
    sources: Annotated[tuple[SourceStatus, ...], Field(max_length=16, json_schema_extra=BY_NAME)] = ()
    """The remote sources, as they were fetched last."""
    fetched: Text | None = None
    """Name of what `sources` speaks of: places and volume, as a hash."""


class KnowledgeIndex(Part):
    """Sources of knowledge, kept as a searchable, versioned index."""

    api_version: Literal["kefu.dev/v1alpha1"]
    kind: Literal["KnowledgeIndex"]
    metadata: Metadata
    spec: KnowledgeIndexSpec
    """Desired state."""
    status: KnowledgeIndexStatus | None = None
    """Observed state, written by the operator."""
