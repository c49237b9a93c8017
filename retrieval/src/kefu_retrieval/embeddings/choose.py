"""From the index document's embedding to an embedder."""

from kefu_api.documents.index import BuiltinEmbedding, EndpointEmbedding
from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.endpoint import EndpointEmbedder
from kefu_retrieval.embeddings.protocol import Embedder
from kefu_retrieval.settings import Settings


def choose(embedding: BuiltinEmbedding | EndpointEmbedding, settings: Settings) -> Embedder:
    """The embedder that `embedding` names.

    Raises:
        EncoderMissing: the built-in model cannot be loaded.
    """
    if isinstance(embedding, EndpointEmbedding):
        return EndpointEmbedder(embedding)
    return BuiltinEmbedder(settings.encoder_path, settings.encoder_threads)
