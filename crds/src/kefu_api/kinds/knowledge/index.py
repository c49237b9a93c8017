"""KnowledgeIndex: sources of knowledge, kept as a searchable, versioned index."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.knowledge.embedding import BuiltinEmbedding, Embedding
from kefu_api.kinds.knowledge.evaluation import Evaluation, Publishing
from kefu_api.kinds.knowledge.graph import Graph
from kefu_api.kinds.knowledge.ingestion import Ingestion
from kefu_api.kinds.knowledge.reranker import Reranker
from kefu_api.kinds.knowledge.search import Search, Vocabulary
from kefu_api.kinds.knowledge.source import MAX_REMOTE, Source
from kefu_api.kinds.knowledge.store import EmbeddedStore, Site, Store
from kefu_api.kinds.knowledge.versions import CandidateVersion, KnownVersion, PublishedVersion
from kefu_api.kinds.meta import Condition, Metadata
from kefu_api.kinds.part import Part
from kefu_api.kinds.places import Fetching
from kefu_api.kinds.rules import Rule, Ruled, unique, unique_names
from kefu_api.kinds.shape import ATOMIC, BY_NAME, BY_TYPE, SET
from kefu_api.kinds.types import Language, Text


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


class KnowledgeIndexSpec(Ruled):
    """Desired state of a KnowledgeIndex."""

    RULES: ClassVar = (
        unique_names("sources", remedy="rename one of spec.sources"),
        unique("languages", remedy="remove the double from spec.languages"),
        Rule(
            f"self.sources.filter(s, !has(s.inline) && !has(s.configMap)).size() <= {MAX_REMOTE}",
            lambda spec: sum(source.is_kept for source in spec.sources) <= MAX_REMOTE,
            f"at most {MAX_REMOTE} sources may be remote or pushed: make an index of its own of the others",
        ),
        Rule(
            "self.graph.sources.all(n, self.sources.exists(s, s.name == n))",
            lambda spec: set(spec.graph.sources) <= {source.name for source in spec.sources},
            "graph.sources must name sources of this index: correct the name, or add the source",
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
    ingestion: Ingestion = Ingestion()
    """How a version is built."""
    embedding: Embedding = Embedding(builtin=BuiltinEmbedding())
    """What turns text into vectors."""
    reranker: Reranker | None = None
    """What puts the best candidates into their final order; absent: their confidence does."""
    store: Store = Store(embedded=EmbeddedStore())
    """Where vectors are kept."""
    search: Search = Search()
    """How questions are looked up."""
    vocabulary: Vocabulary = Vocabulary()
    """Words of one meaning: synonyms, nicknames of products, names in another language."""
    graph: Graph = Graph()
    """What products have, what they fit and which policies hold for them, asked together with the search."""
    evaluation: Evaluation | None = None
    """How a version is judged before anybody sees it; absent: it is not."""
    publishing: Publishing = Publishing()
    """How versions become visible."""


class SourceStatus(Part):
    """A remote source, as it was fetched last, or one that is pushed, as it is now."""

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
    """When it was tried last, or changed by a push (RFC 3339)."""
    next: Text | None = None
    """When it is asked again (RFC 3339); absent for a pushed source, and where a schedule never comes due."""
    url: Text | None = None
    """Where it takes pushes; absent for a remote source."""


class KnowledgeIndexStatus(Part):
    """Observed state of a KnowledgeIndex."""

    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that this status speaks of."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=BY_TYPE)] = ()
    """Ready, SourcesReady, StoreReady, Evaluated, Published, RerankerReady, Progressing and Stalled."""
    published: PublishedVersion | None = None
    """The version that answers now."""
    candidate: CandidateVersion | None = None
    """The version that is being built aside, if any."""
    versions: Annotated[tuple[KnownVersion, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """Every version in the store, newest first; each can be published by `spec.publishing.version`."""
    volume: Text | None = None
    """UID of what holds them: the embedded store's volume, or the Milvus object of a managed one; another holds nothing of them."""
    store: Site | None = None
    """Where vectors are kept now; Fallback: in an embedded store in place of a managed one."""
    url: Text | None = None
    """Where the retrieval service answers inside the cluster."""
    sources: Annotated[tuple[SourceStatus, ...], Field(max_length=16, json_schema_extra=BY_NAME)] = ()
    """The remote sources, as they were fetched last, and those that are pushed."""
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
