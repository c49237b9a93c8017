"""From the pushed sources of a KnowledgeIndex to the service that takes them, onto the volume of snapshots."""

from dataclasses import dataclass

from kefu_api import digest
from kefu_api.documents import push as document
from kefu_api.documents.push import Push, PushSource
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.source import Source
from kefu_operator import naming
from kefu_operator.plan.fetching import MAX_VOLUME_NAME, sources_volume
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Access
from kefu_operator.plan.workload import (
    Compute,
    Container,
    DocumentMount,
    GeneratedSecret,
    Port,
    Probe,
    Replaced,
    SecretMount,
    Workload,
)

COMPONENT = "push"
PORT = Port("http", 8082)


@dataclass(frozen=True)
class PushPlan:
    """What takes pushed documents."""

    workload: Workload
    keys: tuple[GeneratedSecret, ...]
    """Of the sources whose key the user does not give."""
    key_files: tuple[tuple[str, str], ...]
    """Of each pushed source, the file that its signing key is mounted as."""


def plan_pushing(index: KnowledgeIndex, placement: Placement) -> PushPlan | None:
    """The service for every pushed source of an index; None where it has none."""
    pushed = [source for source in index.spec.sources if source.push]
    if not pushed:
        return None
    name = naming.push(index.metadata.name)
    mounts = {source.name: _key(index, source, placement) for source in pushed}
    files = tuple((source, f"{mount.path}/{mount.key}") for source, mount in mounts.items())
    taken = Push(
        namespace=index.metadata.namespace,
        name=index.metadata.name,
        sources=tuple(PushSource(name=source, secret_file=file) for source, file in files),
    )
    documents = DocumentMount("push", placement.path(name, "push"), name, {document.FILE: taken.to_json()})
    volume = sources_volume(index, placement)
    container = Container(
        name="push",
        image="retrieval",
        command=(
            "python", "-m", "kefu_retrieval.push",
            "--document", f"{documents.path}/{document.FILE}",
            "--volume", volume.path,
            "--host", placement.bind,
            "--port", str(placement.listen(name, PORT)),
        ),
        compute=Compute(cpu="50m", memory="512Mi"),
        mounts=(documents, volume, *mounts.values()),
        ports=(PORT,),
        startup=Probe("http", "/healthz", period_seconds=1, failures=120),
        readiness=Probe("http", "/healthz"),
        liveness=Probe("http", "/healthz", period_seconds=10, failures=6),
    )  # fmt: skip
    workload = Workload(
        name=name,
        component=COMPONENT,
        container=container,
        replaced=Replaced.TOGETHER,
        access={PORT.name: Access.PUSHERS},
    )
    made = tuple(
        GeneratedSecret(mounts[source.name].secret, {"key": "whsec_{}"}, followed=True)
        for source in pushed
        if source.push and source.push.key_secret is None
    )
    return PushPlan(workload, made, files)


def push_url(index: str, source: str, placement: Placement) -> str:
    """Where a source takes pushes."""
    return f"http://{placement.address(naming.push(index), PORT)}/v1/push/{source}"


def _key(index: KnowledgeIndex, source: Source, placement: Placement) -> SecretMount:
    named = source.push.key_secret if source.push else None
    volume = f"key-{source.name}"
    if len(volume) > MAX_VOLUME_NAME:
        volume = f"key-{digest.of_text(source.name)[:16]}"
    return SecretMount(
        volume,
        placement.path(naming.push(index.metadata.name), f"keys/{source.name}"),
        named.name if named else naming.push_key(index.metadata.name, source.name),
        named.key if named else "key",
    )
