"""Haystack: a pipeline of embedder and Milvus retriever; its DocumentSplitter (200 words) by default."""

from collections.abc import Sequence
from typing import Any

from haystack import Document, Pipeline, component
from haystack.components.preprocessors import DocumentSplitter
from milvus_haystack import MilvusDocumentStore
from milvus_haystack.function import BM25BuiltInFunction
from milvus_haystack.milvus_embedding_retriever import MilvusEmbeddingRetriever, MilvusHybridRetriever

from tests.benchmarks.retrieval.peers.protocol import Encode, Text

INSERT = 500
KEYWORDS = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25"}
"""Milvus Lite takes no AUTOINDEX here, which is the framework's default."""


@component
class Embedding:
    """Our encoder, in the framework's words."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    @component.output_types(embedding=list[float])  # type: ignore[untyped-decorator]
    def run(self, text: str) -> dict[str, list[float]]:
        """One query."""
        return {"embedding": self._encode([text])[0]}


class Haystack:
    """See `protocol.Peer`."""

    def __init__(self, uri: str, dimension: int, encode: Encode) -> None:
        self._uri = uri
        self._encode = encode

    def fill(self, texts: Sequence[Text]) -> None:
        """Documents as they are, dense and BM25."""
        self._hybrid = True
        store = self._store(
            sparse_vector_field="sparse_vector",
            sparse_index_params=KEYWORDS,
            builtin_function=[BM25BuiltInFunction(input_field_names="text", output_field_names="sparse_vector")],
        )
        self._write(store, [Document(id=text.id, content=text.text, meta={"name": text.id}) for text in texts])
        self._connect(MilvusHybridRetriever(document_store=store))

    def fill_split(self, texts: Sequence[Text]) -> None:
        """Documents through the default splitter, dense."""
        self._hybrid = False
        splitter = DocumentSplitter()
        splitter.warm_up()
        documents = [Document(content=text.text, meta={"name": text.id}) for text in texts]
        pieces = splitter.run(documents)["documents"]
        store = self._store()
        self._write(store, [Document(content=piece.content, meta={"name": piece.meta["name"]}) for piece in pieces])
        self._connect(MilvusEmbeddingRetriever(document_store=store))

    def search(self, query: str, limit: int) -> list[str]:
        """One run of the pipeline."""
        more = {"query_text": query} if self._hybrid else {}
        asked = {"embedding": {"text": query}, "retriever": {"top_k": limit, **more}}
        return [found.meta["name"] for found in self._pipeline.run(asked)["retriever"]["documents"]]

    def _connect(self, retriever: Any) -> None:
        self._pipeline = Pipeline()
        self._pipeline.add_component("embedding", Embedding(self._encode))
        self._pipeline.add_component("retriever", retriever)
        self._pipeline.connect("embedding.embedding", "retriever.query_embedding")

    def _store(self, **more: Any) -> Any:
        return MilvusDocumentStore(
            collection_name="haystack",
            connection_args={"uri": self._uri},
            drop_old=True,
            consistency_level="Bounded",
            **more,
        )

    def _write(self, store: Any, documents: list[Any]) -> None:
        for document, vector in zip(documents, self._encode([each.content for each in documents]), strict=True):
            document.embedding = vector
        for start in range(0, len(documents), INSERT):
            store.write_documents(documents[start : start + INSERT])
