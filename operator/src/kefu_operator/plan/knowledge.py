"""From a KnowledgeIndex to its workloads: store, ingestion task and retrieval service, joined by the index document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu_api import digest
from kefu_api.documents import index as document
from kefu_api.documents.index import Chunking, GraphSettings, Index, SearchSettings, SourceDocument, StoreTarget
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.reranker import Reranker
from kefu_api.kinds.knowledge.search import Boosts
from kefu_api.kinds.knowledge.source import Source
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator import naming
from kefu_operator.plan.embedding import api_key, planned_embedding
from kefu_operator.plan.fetching import FetchPlan, plan_fetching, snapshot_path, sources_volume
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.pushing import PushPlan, plan_pushing
from kefu_operator.plan.reach import Access, Reach
from kefu_operator.plan.reranker import planned_reranking, reranker_key, reranker_url
from kefu_operator.plan.workload import (
    Compute,
    ConfigMapMount,
    Container,
    DocumentMount,
    GeneratedSecret,
    Mount,
    Port,
    Probe,
    SecretMount,
    Task,
    VolumeMount,
    Workload,
)

RETRIEVAL = Port("http", 8081)
METRICS = Port("metrics", 9091)
MILVUS = Port("milvus", 19530)
TASK_GRACE_SECONDS = 1
"""A task has nothing to save: what it leaves half done is seen and done anew. Its successor waits until it has ended."""


COMPONENT = "ingestion"
"""Of the tasks that build and publish."""
NOTHING_PUSHED = ""
"""Digest of a source that nothing was pushed to yet."""
QUESTIONS = "evaluation.questions"
"""Key of the golden questions among the digests; no source can have this name, since names hold no dot."""


@dataclass(frozen=True)
class KnowledgePlan:
    """All that one index needs."""

    name: str
    """Of the index."""
    version: str | None
    """Name of the version that the sources ask for; None while a source is missing."""
    store: Workload | None
    """The embedded Milvus; None where the store is external."""
    ingestion: Task | None
    """Builds `version`, judges and publishes it; None while a source, or the golden questions, are missing."""
    retrieval: Workload
    reach: Reach
    """What the tasks that build and publish call."""
    generated_secrets: tuple[GeneratedSecret, ...]
    """Secrets that Kefu makes and never reads: who knows what they hold may ask."""
    publications: Mapping[str, Task]
    """Publish one version without building it: for each that the status names, and for `version`."""
    judged_by: str | None = None
    """Hash of golden questions, gates and search settings; None where there is no evaluation, or no question."""
    fetching: FetchPlan | None = None
    """What brings the remote sources; None where there are none."""
    pushing: PushPlan | None = None
    """What takes pushed sources; None where there are none."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """In the order in which they should start."""
        pushing = (self.pushing.workload,) if self.pushing else ()
        return (*((self.store,) if self.store else ()), self.retrieval, *pushing)


def retrieval_url(index: str, placement: Placement) -> str:
    """Base URL of an index's retrieval service."""
    return f"http://{placement.address(naming.retrieval(index), RETRIEVAL)}"


def plan_knowledge(
    index: KnowledgeIndex,
    digests: Mapping[str, str],
    placement: Placement,
    volume: str | None = None,
    named: Iterable[str] = (),
) -> KnowledgePlan:
    """Plan one index.

    Args:
        index: the object.
        digests: `digest.of_files` of every ConfigMap that a source names and that exists, and of the snapshot of every
            remote source that was fetched, by the source's name; that of the golden questions by `QUESTIONS`.
        placement: where it will run.
        volume: UID of the embedded store's volume, as far as it is known.
        named: versions from which releases of chatbots answer, which no build may drop.
    """
    version = _version(index, digests)
    pushing = plan_pushing(index, placement)
    judged_by = _judged_by(index, digests)
    can_judge = judged_by is not None or index.spec.evaluation is None
    known = {held.version for held in index.status.versions} if index.status else set()
    return KnowledgePlan(
        name=index.metadata.name,
        version=version,
        store=_store(index, placement),
        ingestion=_ingestion(index, version, digests, placement, volume, named) if version and can_judge else None,
        retrieval=_retrieval(index, placement),
        reach=_reach(index),
        generated_secrets=_secrets(index, pushing),
        publications={
            each: _publication(index, each, placement, volume)
            for each in sorted(known | ({version} if version else set()))
        },
        judged_by=judged_by,
        fetching=plan_fetching(index, placement),
        pushing=pushing,
    )


def _secrets(index: KnowledgeIndex, pushing: PushPlan | None) -> tuple[GeneratedSecret, ...]:
    name = index.metadata.name
    tokens = (naming.index_token(name), *((naming.store_token(name),) if index.spec.store.embedded else ()))
    keys = pushing.keys if pushing else ()
    return (*(GeneratedSecret(token, followed=True) for token in tokens), *keys)


def _reach(index: KnowledgeIndex) -> Reach:
    """Store, embedding and reranker: what builds, publishes and searches has no more to call."""
    store, remote = index.spec.store.external, index.spec.embedding.endpoint or index.spec.embedding.triton
    reranker = reranker_url(index.spec.reranker)
    return Reach(
        uses=() if store else (naming.store(index.metadata.name),),
        urls=(
            *((store.uri,) if store else ()),
            *((remote.url,) if remote else ()),
            *((reranker,) if reranker else ()),
        ),
    )


def config_maps_of(index: KnowledgeIndex) -> Mapping[str, str]:
    """Names of the ConfigMaps that an index draws from: by source, and that of the golden questions by `QUESTIONS`."""
    named = {source.name: source.config_map.name for source in index.spec.sources if source.config_map}
    evaluation = index.spec.evaluation
    return named | ({QUESTIONS: evaluation.questions.config_map.name} if evaluation else {})


def publishes_itself(index: KnowledgeIndex) -> bool:
    """Whether a version that passes every gate is published without a person."""
    return index.spec.publishing.mode == "Automatic" and index.spec.publishing.version is None


def _judged_by(index: KnowledgeIndex, digests: Mapping[str, str]) -> str | None:
    evaluation, questions = index.spec.evaluation, digests.get(QUESTIONS)
    if evaluation is None or questions is None:
        return None
    value = {
        "questions": questions,
        "gates": [gate.model_dump(mode="json") for gate in evaluation.gates],
        "search": index.spec.search.model_dump(mode="json", exclude_none=True),
        "vocabulary": index.spec.vocabulary.model_dump(mode="json"),
    }
    if evaluation.calibration == "Off":
        value["calibration"] = "Off"
    if index.spec.graph.enabled:
        value["graph"] = index.spec.graph.model_dump(mode="json")
    if index.spec.reranker:
        value["reranker"] = index.spec.reranker.model_dump(mode="json", exclude_none=True)
    return digest.of_value(value)[:16]


def _source_digest(source: Source, digests: Mapping[str, str]) -> str | None:
    if source.push:
        return digests.get(source.name, NOTHING_PUSHED)
    return digest.of_text(source.inline) if source.inline is not None else digests.get(source.name)


def _version(index: KnowledgeIndex, digests: Mapping[str, str]) -> str | None:
    contents = {source.name: _source_digest(source, digests) for source in index.spec.sources}
    if None in contents.values() or not any(contents.values()):
        return None
    value = {
        "layout": document.LAYOUT,
        "contents": contents,
        "formats": {source.name: source.format for source in index.spec.sources},
        "chunking": index.spec.chunking.model_dump(mode="json"),
        "embedding": index.spec.embedding.model_dump(mode="json", exclude_none=True),
    }
    columns = {source.name: source.columns.model_dump(mode="json") for source in index.spec.sources if source.columns}
    if columns:
        value["columns"] = columns
    external = index.spec.store.external
    if external:
        # Another server holds nothing yet: what was published in the one before does not count there.
        value["store"] = {"uri": external.uri, "database": external.database}
    return f"v{digest.of_value(value)[:10]}"


def _alias(index: KnowledgeIndex) -> str:
    """Milvus names hold letters, digits and underscores only; the hash keeps `a-b/c` and `a/b-c` apart."""
    namespace, name = index.metadata.namespace, index.metadata.name
    return f"kefu_{digest.of_text(f'{namespace}/{name}')[:8]}_{name.replace('-', '_')}"


def _document(
    index: KnowledgeIndex,
    workload: str,
    placement: Placement,
    *,
    version: str = "",
    sources: tuple[SourceDocument, ...] = (),
    volume: str | None = None,
    reranker: Reranker | None = None,
) -> tuple[Index, tuple[Mount, ...]]:
    """The index document as one workload sees it, and the mounts that its secrets need; `reranker`: for workloads that search."""
    spec = index.spec
    mounts: list[Mount] = []

    def secret(name: str, reference: SecretKeyReference | None) -> str | None:
        if reference is None:
            return None
        mount = SecretMount(name, placement.path(workload, name), reference.name, reference.key)
        mounts.append(mount)
        return f"{mount.path}/{mount.key}"

    external = spec.store.external
    embedding, models = planned_embedding(
        spec.embedding, workload, placement, secret("embedding-key", api_key(spec.embedding))
    )
    mounts += models
    reranking, models = planned_reranking(reranker, workload, placement, secret("reranker-key", reranker_key(reranker)))
    mounts += models
    store = StoreTarget(
        uri=external.uri if external else f"http://{placement.address(naming.store(index.metadata.name), MILVUS)}",
        database=external.database if external else None,
        token_file=secret("store-token", external.credentials_secret if external else _store_token(index)),
        ca_file=secret("store-ca", external.ca_secret) if external else None,
        consistency=external.consistency if external else "Bounded",
        alias=_alias(index),
    )
    return (
        Index(
            namespace=index.metadata.namespace,
            name=index.metadata.name,
            version=version,
            languages=spec.languages,
            sources=sources,
            chunking=Chunking(tokens=spec.chunking.tokens, overlap=spec.chunking.overlap),
            embedding=embedding,
            store=store,
            search=SearchSettings(
                top_k=spec.search.top_k,
                candidates=spec.search.candidates,
                dense=float(spec.search.dense),
                sparse=float(spec.search.sparse),
                min_confidence=float(spec.search.min_confidence),
                fusion=spec.search.fusion,
                boosts=_boosts(spec.search.boosts),
            ),
            reranking=reranking,
            vocabulary=tuple(concept.words for concept in spec.vocabulary.concepts),
            graph=_graph(index),
            keep=spec.publishing.keep,
            max_loss=float(spec.publishing.max_loss),
            volume=volume,
        ),
        tuple(mounts),
    )


def _boosts(boosts: Boosts | None) -> document.Boosts | None:
    if boosts is None:
        return None
    fresh = boosts.freshness
    return document.Boosts(
        freshness=document.Freshness(half_life_days=fresh.half_life_days, weight=float(fresh.weight))
        if fresh
        else None,
        tags={each.tag: float(each.factor) for each in boosts.tags},
    )


def _graph(index: KnowledgeIndex) -> GraphSettings | None:
    graph = index.spec.graph
    if not graph.enabled:
        return None
    return GraphSettings(
        sources=graph.sources,
        category=graph.columns.category,
        fits=graph.columns.fits,
        max_products=graph.max_products,
    )


def _store_token(index: KnowledgeIndex) -> SecretKeyReference:
    """Of the embedded store."""
    return SecretKeyReference(name=naming.store_token(index.metadata.name), key="key")


def _store(index: KnowledgeIndex, placement: Placement) -> Workload | None:
    embedded = index.spec.store.embedded
    if embedded is None:
        return None
    name = naming.store(index.metadata.name)
    data = VolumeMount(
        "data",
        placement.path(name, "data", writable=True),
        claim=name,
        size=embedded.size,
        storage_class=embedded.storage_class,
        retained=embedded.deletion_policy == "Retain",
    )
    token = _store_token(index)
    tokens = SecretMount("token", placement.path(name, "token"), token.name, token.key)
    container = Container(
        name="milvus",
        image="milvusLite",
        command=(
            "python", "-m", "kefu_retrieval.embedded",
            "--data-dir", f"{data.path}/milvus",
            "--token", f"{tokens.path}/{tokens.key}",
            "--host", placement.bind,
            "--port", str(placement.listen(name, MILVUS)),
        ),
        compute=Compute(cpu="100m", memory="1Gi"),
        mounts=(data, tokens),
        ports=(MILVUS,),
        startup=Probe("milvus", None, period_seconds=1, failures=120),
        readiness=Probe("milvus", None),
        liveness=Probe("milvus", None, period_seconds=10, failures=6),
    )  # fmt: skip
    return Workload(name=name, component="store", container=container, exclusive=True)


def _ingestion(
    index: KnowledgeIndex,
    version: str,
    digests: Mapping[str, str],
    placement: Placement,
    volume: str | None,
    named: Iterable[str],
) -> Task:
    name = naming.ingestion(index.metadata.name, version, _manner(index, digests))
    sources: list[SourceDocument] = []
    mounts: list[Mount] = []
    for source in index.spec.sources:
        path = None
        if _source_digest(source, digests) == NOTHING_PUSHED:
            continue
        if source.config_map:
            folder = ConfigMapMount(
                f"source-{source.name}"[:63], placement.path(name, f"sources/{source.name}"), source.config_map.name
            )
            mounts.append(folder)
            path = folder.path
        elif source.is_kept:
            volume_mount = sources_volume(index, placement, read_only=True)
            if volume_mount not in mounts:
                mounts.append(volume_mount)
            path = snapshot_path(volume_mount, source.name, digests[source.name])
        sources.append(
            SourceDocument(
                name=source.name,
                format=source.format,
                columns=document.Columns(**source.columns.model_dump()) if source.columns else None,
                path=path,
                inline=source.inline,
                digest=_source_digest(source, digests) or "",
            )
        )
    evaluation = _evaluation(index, digests, name, placement, mounts)
    built, secrets = _document(
        index,
        name,
        placement,
        version=version,
        sources=tuple(sources),
        volume=volume,
        reranker=index.spec.reranker if evaluation else None,
    )
    built = built.model_copy(
        update={
            "evaluation": evaluation,
            "publish": publishes_itself(index),
            "holds": tuple(sorted({*named, *([pinned] if (pinned := index.spec.publishing.version) else [])})),
            "discard": _refused(index, version),
        }
    )
    documents = DocumentMount("index", placement.path(name, "index"), name, {document.FILE: built.to_json()})
    container = Container(
        name="ingest",
        image="retrieval",
        command=("python", "-m", "kefu_retrieval", "ingest", "--index", f"{documents.path}/{document.FILE}"),
        compute=Compute(cpu="200m", memory="1Gi"),
        mounts=(documents, *mounts, *secrets),
    )
    return Task(
        name=name,
        component=COMPONENT,
        container=container,
        grace_seconds=TASK_GRACE_SECONDS,
        reach=_reach(index),
        beside=naming.push(index.metadata.name) if any(source.push for source in index.spec.sources) else None,
    )


def _manner(index: KnowledgeIndex, digests: Mapping[str, str]) -> str:
    """What a Job does beyond building, so that one that does something else has another name; empty where it is plain."""
    judged_by, itself = _judged_by(index, digests), publishes_itself(index)
    return "" if judged_by is None and itself else digest.of_value([judged_by, itself])


def _evaluation(
    index: KnowledgeIndex, digests: Mapping[str, str], workload: str, placement: Placement, mounts: list[Mount]
) -> document.Evaluation | None:
    """How the version is judged; the questions' mount is added to `mounts`."""
    evaluation, judged_by = index.spec.evaluation, _judged_by(index, digests)
    if evaluation is None or judged_by is None:
        return None
    folder = ConfigMapMount("questions", placement.path(workload, "questions"), evaluation.questions.config_map.name)
    mounts.append(folder)
    return document.Evaluation(
        path=folder.path,
        digest=digests[QUESTIONS],
        gates=tuple(document.Gate(metric=gate.metric, at_least=float(gate.at_least)) for gate in evaluation.gates),
        judged_by=judged_by,
        calibration="Off" if evaluation.calibration == "Off" else None,
    )


def _refused(index: KnowledgeIndex, version: str) -> tuple[str, ...]:
    known = index.status.versions if index.status else ()
    return tuple(held.version for held in known if held.state == "Refused" and held.version != version)


def _publication(index: KnowledgeIndex, version: str, placement: Placement, volume: str | None) -> Task:
    name = naming.publication(index.metadata.name, version)
    built, secrets = _document(index, name, placement, version=version, volume=volume)
    documents = DocumentMount("index", placement.path(name, "index"), name, {document.FILE: built.to_json()})
    container = Container(
        name="publish",
        image="retrieval",
        command=("python", "-m", "kefu_retrieval", "publish", "--index", f"{documents.path}/{document.FILE}"),
        compute=Compute(cpu="100m", memory="512Mi"),
        mounts=(documents, *secrets),
    )
    return Task(
        name=name, component=COMPONENT, container=container, grace_seconds=TASK_GRACE_SECONDS, reach=_reach(index)
    )


def _retrieval(index: KnowledgeIndex, placement: Placement) -> Workload:
    name = naming.retrieval(index.metadata.name)
    followed, secrets = _document(index, name, placement, reranker=index.spec.reranker)
    documents = DocumentMount(
        "index",
        placement.path(name, "index"),
        naming.index_document(index.metadata.name),
        {document.FILE: followed.to_json()},
    )
    tokens = SecretMount("token", placement.path(name, "token"), naming.index_token(index.metadata.name), "key")
    container = Container(
        name="retrieval",
        image="retrieval",
        command=(
            "python", "-m", "kefu_retrieval", "serve",
            "--index", f"{documents.path}/{document.FILE}",
            "--token", f"{tokens.path}/{tokens.key}",
            "--host", placement.bind,
            "--port", str(placement.listen(name, RETRIEVAL)),
            "--metrics-port", str(placement.listen(name, METRICS)),
        ),
        compute=Compute(cpu="100m", memory="1Gi"),
        mounts=(documents, tokens, *secrets),
        ports=(RETRIEVAL, METRICS),
        startup=Probe("http", "/healthz", period_seconds=1, failures=120),
        readiness=Probe("http", "/readyz"),
        liveness=Probe("http", "/healthz", period_seconds=10, failures=6),
    )  # fmt: skip
    return Workload(
        name=name,
        component="retrieval",
        container=container,
        reach=_reach(index),
        metrics=METRICS,
        access={RETRIEVAL.name: Access.CALLERS_AND_OPERATORS, METRICS.name: Access.SCRAPERS},
    )
