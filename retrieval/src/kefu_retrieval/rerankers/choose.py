"""From the index document's reranker to one that can be asked."""

from pathlib import Path

from kefu_api.documents import index as document
from kefu_retrieval.rerankers.chat import ChatReranker
from kefu_retrieval.rerankers.endpoint import EndpointReranker
from kefu_retrieval.rerankers.onnx_model import OnnxReranker
from kefu_retrieval.rerankers.protocol import Reranker
from kefu_retrieval.settings import Settings


def choose(by: document.Reranker, settings: Settings) -> Reranker:
    """The reranker that `by` names.

    Raises:
        EncoderMissing: a model in this process cannot be loaded.
    """
    match by:
        case document.ModelReranker():
            return OnnxReranker(Path(by.path), by.template, settings.encoder_threads)
        case document.EndpointReranker():
            return EndpointReranker(by)
        case document.ChatReranker():
            return ChatReranker(by)
