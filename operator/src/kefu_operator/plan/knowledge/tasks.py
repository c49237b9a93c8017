"""The tasks of an index: one builds a version, judges and publishes it, another only publishes."""

from collections.abc import Iterable, Mapping

from kefu_api.documents import index as document
from kefu_api.documents.index import SourceDocument
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.plan.fetching import snapshot_path, sources_volume
from kefu_operator.plan.knowledge.document import index_document, reach_of
from kefu_operator.plan.knowledge.store import StorePlan
from kefu_operator.plan.knowledge.version import (
    NOTHING_PUSHED,
    QUESTIONS,
    judgement_of,
    manner,
    publishes_itself,
    source_digest,
)
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Compute, ConfigMapMount, Container, DocumentMount, Mount, Task

COMPONENT = "ingestion"
"""Of the tasks that build and publish."""
INGESTION_SECONDS = 24 * 3600
"""Longer than the largest corpus takes: a build that is ended here goes on where it was, but customers of it would read of a fault.
What hangs is ended by the limits of each call to the store and to the encoder.
"""
TASK_GRACE_SECONDS = 1
"""A task has nothing to save: what it leaves half done is seen and done anew. Its successor waits until it has ended."""


def plan_ingestion(
    index: KnowledgeIndex,
    version: str,
    digests: Mapping[str, str],
    placement: Placement,
    store: StorePlan,
    named: Iterable[str],
) -> Task:
    """The task that builds `version`, judges it and publishes it; arguments as for `plan_knowledge`."""
    shards = index.spec.ingestion.parallelism
    name = naming.ingestion(index.metadata.name, version, manner(index, digests), shards)
    sources: list[SourceDocument] = []
    mounts: list[Mount] = []
    for source in index.spec.sources:
        path = None
        if source_digest(source, digests) == NOTHING_PUSHED:
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
                digest=source_digest(source, digests) or "",
            )
        )
    evaluation = _evaluation(index, digests, name, placement, mounts)
    built, secrets = index_document(
        index,
        name,
        placement,
        store,
        version=version,
        sources=tuple(sources),
        reranker=index.spec.reranker if evaluation else None,
    )
    built = built.model_copy(
        update={
            "evaluation": evaluation,
            "publish": publishes_itself(index),
            "holds": tuple(sorted({*named, *([pinned] if (pinned := index.spec.publishing.version) else [])})),
            "discard": _refused(index, version),
            "shards": shards if shards > 1 else None,
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
        deadline_seconds=INGESTION_SECONDS,
        grace_seconds=TASK_GRACE_SECONDS,
        reach=reach_of(index, store),
        beside=naming.push(index.metadata.name) if any(source.push for source in index.spec.sources) else None,
        parallelism=shards,
        together=any(source.is_kept for source in index.spec.sources),
    )


def _evaluation(
    index: KnowledgeIndex, digests: Mapping[str, str], workload: str, placement: Placement, mounts: list[Mount]
) -> document.Evaluation | None:
    """How the version is judged; the questions' mount is added to `mounts`."""
    evaluation, judged_by = index.spec.evaluation, judgement_of(index, digests)
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


def plan_publication(index: KnowledgeIndex, version: str, placement: Placement, store: StorePlan) -> Task:
    """The task that publishes a version which the store holds."""
    name = naming.publication(index.metadata.name, version)
    built, secrets = index_document(index, name, placement, store, version=version)
    documents = DocumentMount("index", placement.path(name, "index"), name, {document.FILE: built.to_json()})
    container = Container(
        name="publish",
        image="retrieval",
        command=("python", "-m", "kefu_retrieval", "publish", "--index", f"{documents.path}/{document.FILE}"),
        compute=Compute(cpu="100m", memory="512Mi"),
        mounts=(documents, *secrets),
    )
    return Task(
        name=name,
        component=COMPONENT,
        container=container,
        grace_seconds=TASK_GRACE_SECONDS,
        reach=reach_of(index, store),
    )
