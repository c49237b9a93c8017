"""The service that searches an index."""

from kefu_api.documents import index as document
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.plan.knowledge.document import index_document, reach_of
from kefu_operator.plan.knowledge.store import StorePlan
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Access
from kefu_operator.plan.workload import Compute, Container, DocumentMount, Port, Probe, SecretMount, Workload

RETRIEVAL = Port("http", 8081)
METRICS = Port("metrics", 9091)


def retrieval_url(index: str, placement: Placement) -> str:
    """Base URL of an index's retrieval service."""
    return f"http://{placement.address(naming.retrieval(index), RETRIEVAL)}"


def plan_retrieval(index: KnowledgeIndex, placement: Placement, store: StorePlan) -> Workload:
    """Its document names no version: the service follows the alias."""
    name = naming.retrieval(index.metadata.name)
    followed, secrets = index_document(index, name, placement, store, reranker=index.spec.reranker)
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
        reach=reach_of(index, store),
        metrics=METRICS,
        access={RETRIEVAL.name: Access.CALLERS_AND_OPERATORS, METRICS.name: Access.SCRAPERS},
    )
