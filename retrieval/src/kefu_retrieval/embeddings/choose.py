"""From the index document's embedding to an embedder."""

from pathlib import Path

from kefu_api.documents.index import BuiltinEmbedding, Embedding, EndpointEmbedding, ModelEmbedding, TritonEmbedding
from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.endpoint import EndpointEmbedder
from kefu_retrieval.embeddings.onnx_model import OnnxEmbedder
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.embeddings.triton import TritonEmbedder
from kefu_retrieval.settings import Settings


def choose(embedding: Embedding, settings: Settings) -> Embedder:
    """The embedder that `embedding` names.

    Raises:
        EncoderMissing: a model in this process cannot be loaded.
    """
    match embedding:
        case BuiltinEmbedding():
            return BuiltinEmbedder(settings.encoder_path, settings.encoder_threads)
        case ModelEmbedding(path=path):
            return OnnxEmbedder(Path(path), settings.encoder_threads)
        case EndpointEmbedding():
            return EndpointEmbedder(embedding)
        case TritonEmbedding():
            return TritonEmbedder(embedding)
