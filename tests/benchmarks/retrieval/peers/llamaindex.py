"""LlamaIndex: VectorStoreIndex over MilvusVectorStore; its SentenceSplitter (1,024 tokens, overlap 200) by default."""

from collections.abc import Sequence
from typing import Any

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import TextNode
from llama_index.vector_stores.milvus import MilvusVectorStore
from llama_index.vector_stores.milvus.utils import BM25BuiltInFunction

from tests.benchmarks.retrieval.peers.protocol import Encode, Text


class Embedding(BaseEmbedding):  # type: ignore[misc]
    """Our encoder, in the framework's words."""

    encode: Any

    def _get_query_embedding(self, query: str) -> list[float]:
        vectors: list[list[float]] = self.encode([query])
        return vectors[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_query_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self.encode(texts)
        return vectors


class LlamaIndex:
    """See `protocol.Peer`."""

    def __init__(self, uri: str, dimension: int, encode: Encode) -> None:
        self._uri = uri
        self._dimension = dimension
        self._embedding = Embedding(encode=encode)
        self._retrievers: dict[int, Any] = {}

    def fill(self, texts: Sequence[Text]) -> None:
        """Nodes as they are, dense and BM25."""
        nodes = [TextNode(id_=text.id, text=text.text, **_named(text)) for text in texts]
        store = self._store(enable_sparse=True, sparse_embedding_function=BM25BuiltInFunction())
        context = StorageContext.from_defaults(vector_store=store)
        self._index = VectorStoreIndex(nodes, storage_context=context, embed_model=self._embedding)
        self._mode = "hybrid"

    def fill_split(self, texts: Sequence[Text]) -> None:
        """Documents through the default splitter, dense."""
        documents = [Document(text=text.text, **_named(text)) for text in texts]
        context = StorageContext.from_defaults(vector_store=self._store())
        self._index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=self._embedding)
        self._mode = "default"

    def search(self, query: str, limit: int) -> list[str]:
        """Through a retriever, which is made once."""
        if limit not in self._retrievers:
            self._retrievers[limit] = self._index.as_retriever(
                similarity_top_k=limit, vector_store_query_mode=self._mode
            )
        return [found.node.metadata["name"] for found in self._retrievers[limit].retrieve(query)]

    def _store(self, **more: Any) -> Any:
        return MilvusVectorStore(
            uri=self._uri, dim=self._dimension, overwrite=True, use_async_client=False, collection_name="llama", **more
        )


def _named(text: Text) -> dict[str, Any]:
    """The name as metadata that is not embedded."""
    return {"metadata": {"name": text.id}, "excluded_embed_metadata_keys": ["name"]}
