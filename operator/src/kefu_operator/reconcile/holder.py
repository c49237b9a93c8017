"""What holds an index's vectors, by its UID: another of the same name holds nothing of them."""

from kefu_operator import naming
from kefu_operator.gather.knowledge import KnowledgeFacts
from kefu_operator.gather.owned import find
from kefu_operator.resources import CLAIMS, MILVUSES


def volume_of(facts: KnowledgeFacts) -> str | None:
    """UID of what holds the vectors; empty where there is none yet; None where the store is external."""
    where, name, status = facts.where, facts.index.metadata.name, facts.index.status
    if where.site == "External":
        return None
    if where.site != "Managed":
        holder = find(facts.owned, CLAIMS, naming.store(name))
    elif where.served or status is None or status.store != "Managed":
        holder = find(facts.owned, MILVUSES, naming.milvus(name))
    else:
        # Its kind is gone, perhaps for a while: what the Milvus holds is not lost before another takes its place.
        return status.volume
    return str(holder["metadata"]["uid"]) if holder else ""
