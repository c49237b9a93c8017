"""Which store an index has now: what its spec asks for, or what stands in for that."""

from dataclasses import dataclass

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.store import Site
from kefu_operator.kinds import Kinds
from kefu_operator.resources import MILVUSES


@dataclass(frozen=True)
class Where:
    """The decision."""

    site: Site
    served: bool = False
    """Whether the API server has the Milvus operator's kind."""


EMBEDDED = Where("Embedded")
NO_OTHERS = Kinds()
"""A cluster without what others bring."""


def where_of(index: KnowledgeIndex, kinds: Kinds = NO_OTHERS) -> Where:
    """Decide; once an index has fallen back, or has a Milvus, it stays with that until its spec says otherwise.

    To move by itself when the Milvus operator comes would take the index away from its customers at a moment that nobody
    chose; to move back when the operator's kind is gone for a while would throw away what a Milvus holds.
    """
    store, served = index.spec.store, kinds.has(MILVUSES)
    if store.external:
        return Where("External", served)
    if store.managed is None:
        return Where("Embedded", served)
    before = index.status.store if index.status else None
    has_milvus = before == "Managed" or (served and before != "Fallback")
    return Where("Managed" if has_milvus or store.managed.fallback == "Wait" else "Fallback", served)
