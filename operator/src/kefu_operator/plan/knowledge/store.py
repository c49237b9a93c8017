"""The embedded store of an index: a Milvus Lite server with a volume."""

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator import naming
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Compute, Container, Port, Probe, SecretMount, VolumeMount, Workload

MILVUS = Port("milvus", 19530)


def plan_store(index: KnowledgeIndex, placement: Placement) -> Workload | None:
    """The server and its volume; None where the store is external."""
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
    token = store_token(index)
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


def store_token(index: KnowledgeIndex) -> SecretKeyReference:
    """Of the embedded store."""
    return SecretKeyReference(name=naming.store_token(index.metadata.name), key="key")
