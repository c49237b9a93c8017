"""What turns text into vectors."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import NO_V1, Ruled, exactly_one_of
from kefu_api.kinds.types import FolderUri, HttpUrl


class BuiltinEmbedding(Part):
    """The multilingual sentence encoder inside the retrieval image: CPU, in process, 512 dimensions."""


class EndpointEmbedding(Ruled):
    """An OpenAI-compatible embeddings server."""

    RULES: ClassVar = (NO_V1,)

    url: HttpUrl
    """Base URL without /v1."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    dimension: Annotated[int, Field(ge=8, le=8192)]
    """Length of its vectors."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class ModelEmbedding(Part):
    """A sentence encoder of your own, run on the CPU inside the retrieval pod (onnxruntime)."""

    uri: FolderUri
    """Folder with model.onnx (or onnx/model.onnx), tokenizer.json and, where the model has them, 1_Pooling/config.json and
    sentence_bert_config.json. Put a changed model into another folder: the version is named for the folder."""


class TritonEmbedding(Part):
    """A model on Triton, or on another server of the Open Inference Protocol (KServe v2), that takes text and gives vectors."""

    url: HttpUrl
    """Base URL without /v2."""
    model: Annotated[str, Field(min_length=1, max_length=128)]
    """Name of the model: one input of type BYTES, one output of floats; an ensemble where the tokenizer is another model."""
    dimension: Annotated[int, Field(ge=8, le=8192)]
    """Length of its vectors."""


class Embedding(Ruled):
    """What turns text into vectors. A change re-embeds everything into a new version."""

    RULES: ClassVar = (exactly_one_of("builtin", "model", "endpoint", "triton", remedy="choose one embedding"),)

    builtin: BuiltinEmbedding | None = None
    """The encoder inside the retrieval image."""
    model: ModelEmbedding | None = None
    """A model folder of your own, run inside the retrieval pod."""
    endpoint: EndpointEmbedding | None = None
    """A server of your own."""
    triton: TritonEmbedding | None = None
    """A Triton of your own."""
