"""The Milvus of an index that the Milvus operator runs: what it needs beside its object, and how it is reached."""

from dataclasses import dataclass

from kefu_api.documents.index import StoreTarget
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.store import ManagedStore
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator import naming
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import GeneratedSecret, Port, VolumeMount

MILVUS = Port("milvus", 19530)
COMPONENT = "store"
DATA_SIZE = "10Gi"
"""Of the volume of the Milvus pod: its log of writes, of which it keeps 2 GiB, and its cache of object storage."""
ETCD_SIZE = "5Gi"
"""Of the volume of etcd, which holds names and places and no vectors."""


@dataclass(frozen=True)
class MilvusPlan:
    """One Milvus."""

    index: str
    """Name of the index that it is made for."""
    options: ManagedStore
    data: VolumeMount
    """Claimed by Kefu, so that it goes or stays with the index; older Milvus operators hang on a claim that they never came to make."""
    root: GeneratedSecret
    """Password of its user root: `password`, and `token` for those that call."""
    storage: GeneratedSecret
    """Keys of its object storage, under the names that the Milvus operator looks for."""
    served: bool
    """Whether the API server has its kind, so that it can be made."""

    @property
    def retained(self) -> bool:
        """Whether what it holds outlives the index."""
        return self.options.deletion_policy == "Retain"


def plan_milvus(index: KnowledgeIndex, options: ManagedStore, *, served: bool) -> MilvusPlan:
    """Plan the Milvus of one index."""
    name = index.metadata.name
    retained = options.deletion_policy == "Retain"
    return MilvusPlan(
        index=name,
        options=options,
        data=VolumeMount(
            "data",
            "/var/lib/milvus",
            claim=naming.milvus_data(name),
            size=DATA_SIZE,
            storage_class=options.storage_class,
            retained=retained,
        ),
        root=GeneratedSecret(naming.milvus_root(name), {"password": "{}", "token": "root:{}"}, retained=retained),
        storage=GeneratedSecret(
            naming.milvus_storage(name), {"accesskey": "kefu", "secretkey": "{}"}, retained=retained
        ),
        served=served,
    )


def target_of(index: KnowledgeIndex, placement: Placement) -> StoreTarget:
    """For those that call it."""
    address = placement.address(naming.milvus_service(index.metadata.name), MILVUS)
    alias = naming.store_alias(index.metadata.namespace, index.metadata.name)
    return StoreTarget(uri=f"http://{address}", alias=alias)


def token_of(planned: MilvusPlan) -> SecretKeyReference:
    """What opens it."""
    return SecretKeyReference(name=planned.root.name, key="token")
