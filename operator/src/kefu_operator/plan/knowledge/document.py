"""The index document, as one workload of an index sees it, and what its secrets and models are mounted from."""

from kefu_api.documents import index as document
from kefu_api.documents.index import Chunking, GraphSettings, Index, SearchSettings, SourceDocument
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.reranker import Reranker
from kefu_api.kinds.knowledge.search import Boosts
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator.plan.embedding import api_key, planned_embedding
from kefu_operator.plan.knowledge.store import StorePlan
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Reach
from kefu_operator.plan.reranker import planned_reranking, reranker_key, reranker_url
from kefu_operator.plan.workload import Mount, SecretMount


def index_document(
    index: KnowledgeIndex,
    workload: str,
    placement: Placement,
    store: StorePlan,
    *,
    version: str = "",
    sources: tuple[SourceDocument, ...] = (),
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

    embedding, models = planned_embedding(
        spec.embedding, workload, placement, secret("embedding-key", api_key(spec.embedding))
    )
    mounts += models
    reranking, models = planned_reranking(reranker, workload, placement, secret("reranker-key", reranker_key(reranker)))
    mounts += models
    token, authorities = secret("store-token", store.token), secret("store-ca", store.authorities)
    target = store.target.model_copy(update={"token_file": token, "ca_file": authorities})
    return (
        Index(
            namespace=index.metadata.namespace,
            name=index.metadata.name,
            version=version,
            languages=spec.languages,
            sources=sources,
            chunking=Chunking(tokens=spec.chunking.tokens, overlap=spec.chunking.overlap),
            embedding=embedding,
            store=target,
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
            volume=store.volume if version else None,
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


def reach_of(index: KnowledgeIndex, store: StorePlan) -> Reach:
    """Store, embedding and reranker: what builds, publishes and searches has no more to call."""
    remote = index.spec.embedding.endpoint or index.spec.embedding.triton
    reranker = reranker_url(index.spec.reranker)
    return Reach(
        uses=store.reach.uses,
        urls=(*store.reach.urls, *((remote.url,) if remote else ()), *((reranker,) if reranker else ())),
    )
