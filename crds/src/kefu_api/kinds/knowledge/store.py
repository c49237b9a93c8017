"""Where vectors are kept."""

from typing import ClassVar, Literal

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled, exactly_one_of
from kefu_api.kinds.types import Database, MilvusUri, Size, Subdomain

Site = Literal["Embedded", "Fallback", "Managed", "External"]
"""Where vectors are; Fallback: in an embedded store in place of a managed one."""


class EmbeddedStore(Part):
    """A Milvus Lite server in a pod of its own with a volume; for up to some hundred thousand chunks."""

    size: Size = "2Gi"
    """Size of the volume."""
    storage_class: Subdomain | None = None
    """StorageClass of the volume; absent: the cluster's default."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether the volume goes with the index, or with its turning to another store; Retain: it stays, and is used again."""


class ManagedStore(Ruled):
    """A Milvus of the index's own, run by the Milvus operator, for as many chunks as its memory holds."""

    RULES: ClassVar = (
        Rule(
            "self.deletionPolicy == oldSelf.deletionPolicy",
            lambda store: True,  # only the API server knows what it was
            "deletionPolicy of a managed store is decided once, since its passwords stay or go by it: keep it, or delete the"
            " index and make it anew",
        ),
    )

    size: Size = "20Gi"
    """Size of the volume of its object storage; of the embedded server's, where that stands in."""
    storage_class: Subdomain | None = None
    """StorageClass of its volumes; absent: the cluster's default."""
    memory: Size = "4Gi"
    """Memory of the Milvus pod, which holds the vectors of every version that is searched or built."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether what it holds goes with the index, or with its turning to another store; Retain: its etcd, its object storage and
    its passwords stay, and are used again. It cannot be changed."""
    fallback: Literal["Embedded", "Wait"] = "Embedded"
    """What keeps the vectors where the Milvus operator is not installed. Embedded: a Milvus Lite, and the index stays with it, also
    when the Milvus operator comes. Wait: nothing does, and the index waits for the Milvus operator; an index that fell back is
    built anew in a Milvus, and answers again when that is done."""


class ExternalStore(Ruled):
    """A Milvus server that somebody else runs."""

    RULES: ClassVar = (
        Rule(
            "!has(self.caSecret) || self.uri.startsWith('https://')",
            lambda store: store.ca_secret is None or store.uri.startswith("https://"),
            "caSecret is for TLS: let uri begin with https://, or remove caSecret",
        ),
    )

    uri: MilvusUri
    """For example http://milvus.milvus:19530, or https:// for TLS."""
    database: Database | None = None
    """Milvus database; absent: the default one. It is made where it is missing and the credentials allow it."""
    credentials_secret: SecretKeyReference | None = None
    """Secret key that holds `user:password` or a token."""
    ca_secret: SecretKeyReference | None = None
    """Secret key that holds the CA certificates (PEM) that sign the server's; absent: those that everybody trusts."""
    consistency: Literal["Strong", "Bounded", "Eventually"] = "Bounded"
    """How fresh reads are. A version is published when its readers see all of it at this level, so that Strong, which may cost a
    search some hundred milliseconds, is needed only where something else than Kefu writes to its collections."""
    deletion_policy: Literal["Delete", "Retain"] = "Retain"
    """Whether what the index wrote there is dropped when the index is deleted, which then waits for it, ten minutes at most; what
    was written to another server or database before stays. Retain: everything stays."""


class Store(Ruled):
    """Where vectors are kept."""

    RULES: ClassVar = (exactly_one_of("embedded", "managed", "external", remedy="choose one store"),)

    embedded: EmbeddedStore | None = None
    """Kefu runs a small Milvus for this index."""
    managed: ManagedStore | None = None
    """The Milvus operator runs a Milvus for this index."""
    external: ExternalStore | None = None
    """A Milvus of your own."""
