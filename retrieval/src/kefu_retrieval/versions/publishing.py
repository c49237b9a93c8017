"""The publishing job: lets readers search a version that the store holds, old or new, without building anything."""

from pathlib import Path

from kefu_api.documents.index import Index, IngestionReport
from kefu_retrieval import documents
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.versions.archive import Archive


def publish(path: Path) -> IngestionReport:
    """Publish the version that the index document in `path` names.

    Raises:
        RetrievalError: it is not there, or the store does not answer; the alias stays where it was.
    """
    index = documents.read(path)
    store = MilvusStore(index.store)
    try:
        return move(index, store)
    finally:
        store.close()


def move(index: Index, store: Store) -> IngestionReport:
    """The same, with a store at hand.

    Raises:
        RetrievalError: it is not there, or the store does not answer; the alias stays where it was.
    """
    archive = Archive(store, index.store.alias)
    manifest = archive.publish(index.version)
    return IngestionReport(
        version=manifest.version,
        published=True,
        documents=manifest.documents,
        chunks=manifest.chunks,
        embedded=0,
        versions=archive.held(),
        answering=manifest.version,
        volume=index.volume,
    )
