"""Where an index's vectors are kept: what runs the store, how it is reached, and what opens it."""

from dataclasses import dataclass, replace

from kefu_api.documents.index import StoreTarget
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.store import EmbeddedStore, ExternalStore
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator import naming
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Reach
from kefu_operator.plan.workload import (
    Compute,
    Container,
    GeneratedSecret,
    Port,
    Probe,
    SecretMount,
    VolumeMount,
    Workload,
)

MILVUS = Port("milvus", 19530)


@dataclass(frozen=True)
class StorePlan:
    """The store of one index."""

    target: StoreTarget
    """For those that call it, without the files of their secrets."""
    reach: Reach
    """What they call."""
    token: SecretKeyReference | None = None
    """What opens it."""
    authorities: SecretKeyReference | None = None
    """Whom its certificate is signed by."""
    workload: Workload | None = None
    """The server that Kefu runs; None where it does not."""
    volume: str | None = None
    """UID of what holds the vectors; empty where there is none yet; None where that is not known."""
    secrets: tuple[GeneratedSecret, ...] = ()


def plan_store(index: KnowledgeIndex, placement: Placement, volume: str | None) -> StorePlan:
    """Plan the store of one index; `volume`: see `StorePlan.volume`."""
    external, embedded = index.spec.store.external, index.spec.store.embedded
    planned = _external(index, external) if external else _embedded(index, embedded or EmbeddedStore(), placement)
    return replace(planned, volume=volume)


def _external(index: KnowledgeIndex, options: ExternalStore) -> StorePlan:
    target = StoreTarget(
        uri=options.uri,
        database=options.database,
        consistency=options.consistency,
        alias=naming.store_alias(index.metadata.namespace, index.metadata.name),
    )
    reach = Reach(urls=(options.uri,))
    return StorePlan(target, reach, token=options.credentials_secret, authorities=options.ca_secret)


def _embedded(index: KnowledgeIndex, options: EmbeddedStore, placement: Placement) -> StorePlan:
    name = naming.store(index.metadata.name)
    token = SecretKeyReference(name=naming.store_token(index.metadata.name), key="key")
    target = StoreTarget(
        uri=f"http://{placement.address(name, MILVUS)}",
        consistency="Bounded",
        alias=naming.store_alias(index.metadata.namespace, index.metadata.name),
    )
    return StorePlan(
        target,
        Reach(uses=(name,)),
        token=token,
        workload=_server(name, options, token, placement),
        secrets=(GeneratedSecret(token.name, followed=True),),
    )


def _server(name: str, options: EmbeddedStore, token: SecretKeyReference, placement: Placement) -> Workload:
    data = VolumeMount(
        "data",
        placement.path(name, "data", writable=True),
        claim=name,
        size=options.size,
        storage_class=options.storage_class,
        retained=options.deletion_policy == "Retain",
    )
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
