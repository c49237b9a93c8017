"""From a KnowledgeIndex to its workloads: store, ingestion task and retrieval service, joined by the index document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.plan.fetching import FetchPlan, plan_fetching
from kefu_operator.plan.knowledge.document import reach_of
from kefu_operator.plan.knowledge.retrieval import plan_retrieval
from kefu_operator.plan.knowledge.site import Where, where_of
from kefu_operator.plan.knowledge.store import StorePlan, plan_store
from kefu_operator.plan.knowledge.tasks import plan_ingestion, plan_publication
from kefu_operator.plan.knowledge.version import judgement_of, version_of
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.pushing import PushPlan, plan_pushing
from kefu_operator.plan.reach import Reach
from kefu_operator.plan.workload import GeneratedSecret, Task, Workload


@dataclass(frozen=True)
class KnowledgePlan:
    """All that one index needs."""

    name: str
    """Of the index."""
    version: str | None
    """Name of the version that the sources ask for; None while a source is missing."""
    store: StorePlan
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
        store = (self.store.workload,) if self.store.workload else ()
        pushing = (self.pushing.workload,) if self.pushing else ()
        return (*store, self.retrieval, *pushing)


def plan_knowledge(
    index: KnowledgeIndex,
    digests: Mapping[str, str],
    placement: Placement,
    volume: str | None = None,
    named: Iterable[str] = (),
    where: Where | None = None,
) -> KnowledgePlan:
    """Plan one index.

    Args:
        index: the object.
        digests: `digest.of_files` of every ConfigMap that a source names and that exists, and of the snapshot of every
            remote source that was fetched, by the source's name; that of the golden questions by `QUESTIONS`.
        placement: where it will run.
        volume: UID of what holds the vectors, as `StorePlan.volume`.
        named: versions from which releases of chatbots answer, which no build may drop.
        where: which store the index has; None: as in a cluster without the Milvus operator.
    """
    version = version_of(index, digests)
    store = plan_store(index, where or where_of(index), placement, volume)
    pushing = plan_pushing(index, placement)
    judged_by = judgement_of(index, digests)
    can_judge = judged_by is not None or index.spec.evaluation is None
    known = {held.version for held in index.status.versions} if index.status else set()
    return KnowledgePlan(
        name=index.metadata.name,
        version=version,
        store=store,
        ingestion=plan_ingestion(index, version, digests, placement, store, named) if version and can_judge else None,
        retrieval=plan_retrieval(index, placement, store),
        reach=reach_of(index, store),
        generated_secrets=_secrets(index, store, pushing),
        publications={
            each: plan_publication(index, each, placement, store)
            for each in sorted(known | ({version} if version else set()))
        },
        judged_by=judged_by,
        fetching=plan_fetching(index, placement),
        pushing=pushing,
    )


def _secrets(index: KnowledgeIndex, store: StorePlan, pushing: PushPlan | None) -> tuple[GeneratedSecret, ...]:
    token = GeneratedSecret(naming.index_token(index.metadata.name), followed=True)
    return (token, *store.secrets, *(pushing.keys if pushing else ()))
