"""LangChain: the Milvus vector store; its RecursiveCharacterTextSplitter (4,000 characters, overlap 200) by default."""

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_milvus import BM25BuiltInFunction, Milvus
from langchain_text_splitters import RecursiveCharacterTextSplitter

from tests.benchmarks.retrieval.peers.protocol import Encode, Text

INSERT = 500
NEAREST = {"index_type": "AUTOINDEX", "metric_type": "COSINE"}
KEYWORDS = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25"}
"""Milvus Lite takes no AUTOINDEX here, which is the framework's default."""


class Embedding(Embeddings):  # type: ignore[misc]
    """Our encoder, in the framework's words."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Many."""
        return self._encode(texts)

    def embed_query(self, text: str) -> list[float]:
        """One."""
        return self._encode([text])[0]


class LangChain:
    """See `protocol.Peer`."""

    def __init__(self, uri: str, dimension: int, encode: Encode) -> None:
        self._uri = uri
        self._embedding = Embedding(encode)
        self._hybrid = False

    def fill(self, texts: Sequence[Text]) -> None:
        """Documents as they are, dense and BM25."""
        self._hybrid = True
        documents = [Document(page_content=text.text, metadata={"name": text.id}) for text in texts]
        legs = {"vector_field": ["dense", "sparse"], "index_params": [NEAREST, KEYWORDS]}
        self._add(documents, builtin_function=BM25BuiltInFunction(), **legs)

    def fill_split(self, texts: Sequence[Text]) -> None:
        """Documents through the default splitter, dense."""
        documents = [Document(page_content=text.text, metadata={"name": text.id}) for text in texts]
        self._add(RecursiveCharacterTextSplitter().split_documents(documents))

    def search(self, query: str, limit: int) -> list[str]:
        """Reciprocal rank fusion where there are two legs, as the other peers do by default."""
        more: dict[str, Any] = {}
        if self._hybrid:
            legs = [{"metric_type": leg["metric_type"], "params": {}} for leg in (NEAREST, KEYWORDS)]
            more = {"ranker_type": "rrf", "ranker_params": {"k": 60}, "fetch_k": limit, "param": legs}
        return [found.metadata["name"] for found in self._store.similarity_search(query, k=limit, **more)]

    def _add(self, documents: list[Any], **more: Any) -> None:
        self._store = Milvus(
            embedding_function=self._embedding,
            collection_name="langchain",
            connection_args={"uri": self._uri},
            drop_old=True,
            auto_id=True,
            consistency_level="Bounded",
            **more,
        )
        for start in range(0, len(documents), INSERT):
            self._store.add_documents(documents[start : start + INSERT])
