"""Where an index's vectors are kept: what runs the store, how it is reached, and what opens it."""

from dataclasses import dataclass, replace

from kefu_api.documents.index import StoreTarget
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.store import EmbeddedStore, ExternalStore, ManagedStore, Store
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator import naming
from kefu_operator.plan.knowledge.milvus import MILVUS, MilvusPlan, plan_milvus, target_of, token_of
from kefu_operator.plan.knowledge.site import Where
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.reach import Reach
from kefu_operator.plan.workload import (
    Compute,
    Container,
    GeneratedSecret,
    Probe,
    Replaced,
    SecretMount,
    VolumeMount,
    Workload,
)


@dataclass(frozen=True)
class StorePlan:
    """The store of one index."""

    where: Where
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
    milvus: MilvusPlan | None = None
    """The Milvus that the Milvus operator runs for it."""
    volume: str | None = None
    """UID of what holds the vectors; empty where there is none yet; None where that is not known."""
    secrets: tuple[GeneratedSecret, ...] = ()


def plan_store(index: KnowledgeIndex, where: Where, placement: Placement, volume: str | None) -> StorePlan:
    """Plan the store of one index; `volume`: see `StorePlan.volume`."""
    store = index.spec.store
    if store.external:
        planned = _external(index, store.external, where)
    elif where.site == "Managed":
        planned = _managed(index, store.managed or ManagedStore(), where, placement)
    else:
        planned = _embedded(index, _options(store), where, placement)
    return replace(planned, volume=volume)


def _options(store: Store) -> EmbeddedStore:
    """Those of the embedded server, also where it stands in for a managed one."""
    managed = store.managed
    if managed is None:
        return store.embedded or EmbeddedStore()
    return EmbeddedStore(
        size=managed.size, storage_class=managed.storage_class, deletion_policy=managed.deletion_policy
    )


def _external(index: KnowledgeIndex, options: ExternalStore, where: Where) -> StorePlan:
    target = StoreTarget(
        uri=options.uri,
        database=options.database,
        consistency=options.consistency,
        alias=naming.store_alias(index.metadata.namespace, index.metadata.name),
    )
    reach = Reach(urls=(options.uri,))
    return StorePlan(where, target, reach, token=options.credentials_secret, authorities=options.ca_secret)


def _managed(index: KnowledgeIndex, options: ManagedStore, where: Where, placement: Placement) -> StorePlan:
    milvus = plan_milvus(index, options, served=where.served)
    return StorePlan(
        where,
        target_of(index, placement),
        Reach(uses=(naming.milvus(index.metadata.name),)),
        token=token_of(milvus),
        milvus=milvus,
        secrets=(milvus.root, milvus.storage),
    )


def _embedded(index: KnowledgeIndex, options: EmbeddedStore, where: Where, placement: Placement) -> StorePlan:
    name, service = naming.store(index.metadata.name), naming.store_service(index.metadata.name)
    token = SecretKeyReference(name=naming.store_token(index.metadata.name), key="key")
    target = StoreTarget(
        uri=f"http://{placement.address(name, MILVUS, service)}",
        consistency="Bounded",
        alias=naming.store_alias(index.metadata.namespace, index.metadata.name),
    )
    return StorePlan(
        where,
        target,
        Reach(uses=(name,)),
        token=token,
        workload=replace(_server(name, options, token, placement), service="" if service == name else service),
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
    return Workload(name=name, component="store", container=container, replaced=Replaced.TOGETHER)
