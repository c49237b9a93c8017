"""Where vectors are kept."""

from typing import ClassVar, Literal

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Ruled, exactly_one_of
from kefu_api.kinds.types import Database, MilvusUri, Size, Subdomain


class EmbeddedStore(Part):
    """A Milvus Lite server in a pod of its own with a volume; for up to some hundred thousand chunks."""

    size: Size = "2Gi"
    """Size of the volume."""
    storage_class: Subdomain | None = None
    """StorageClass of the volume; absent: the cluster's default."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether the volume goes with the index, or with its turning to another store; Retain: it stays, and is used again."""


class ExternalStore(Part):
    """A Milvus server that somebody else runs."""

    uri: MilvusUri
    """For example http://milvus.milvus:19530."""
    database: Database | None = None
    """Milvus database; absent: the default one."""
    credentials_secret: SecretKeyReference | None = None
    """Secret key that holds `user:password` or a token."""


class Store(Ruled):
    """Where vectors are kept."""

    RULES: ClassVar = (exactly_one_of("embedded", "external", remedy="choose one store"),)

    embedded: EmbeddedStore | None = None
    """Kefu runs a small Milvus for this index."""
    external: ExternalStore | None = None
    """A Milvus of your own."""
