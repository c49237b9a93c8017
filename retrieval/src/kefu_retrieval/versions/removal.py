"""The removal job: takes an index out of a store that others use too, once nobody builds or publishes it any more."""

from kefu_api.documents.index import RemovalReport, StoreTarget
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.protocol import Store


def remove(target: StoreTarget) -> RemovalReport:
    """Drop the alias of `target`, and every collection that was made for it.

    Raises:
        RetrievalError: the store refuses or does not answer; what was not dropped yet is left.
    """
    store = MilvusStore(target)
    try:
        return clear(store, target.alias)
    finally:
        store.close()


def clear(store: Store, alias: str) -> RemovalReport:
    """The same, with a store at hand; a second time it finds what the first left.

    Raises:
        RetrievalError: the store refuses or does not answer.
    """
    store.unpublish(alias)
    held = store.collections(alias)
    # What others are built on goes last: half of this done, the rest is still what its manifest says.
    for manifest in reversed(held):
        store.drop(f"{alias}_{manifest.version}")
    return RemovalReport(alias=alias, dropped=len(held))
