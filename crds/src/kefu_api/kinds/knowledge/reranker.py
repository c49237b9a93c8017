"""What puts the best candidates of a search into their final order."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.rules import NO_V1, Rule, Ruled, exactly_one_of
from kefu_api.kinds.types import FolderUri, HttpUrl


class ModelReranker(Ruled):
    """A cross-encoder of your own, run on the CPU inside the retrieval pod (onnxruntime)."""

    RULES: ClassVar = (
        Rule(
            "!has(self.template) || (self.template.contains('{query}') && self.template.contains('{document}'))",
            lambda model: model.template is None or ("{query}" in model.template and "{document}" in model.template),
            "template must hold {query} and {document}: add what is missing, or remove template",
        ),
    )

    uri: FolderUri
    """Folder with model.onnx (or onnx/model.onnx) and tokenizer.json; the model gives one logit a pair, or two (no, yes)."""
    template: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """One text that holds {query} and {document}, for a model that was trained on such; absent: a pair of texts."""


class EndpointReranker(Ruled):
    """A server of /v1/rerank, as vLLM, llama.cpp and Jina speak it."""

    RULES: ClassVar = (NO_V1,)

    url: HttpUrl
    """Base URL without /v1."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class ChatReranker(Ruled):
    """A language model behind /v1/chat/completions: how likely it begins its answer with yes when asked whether a passage helps."""

    RULES: ClassVar = (NO_V1,)

    url: HttpUrl
    """Base URL without /v1; the server must give `logprobs`."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the bearer key."""


class Reranker(Ruled):
    """What reads question and passage together. A change is followed; nothing is built anew."""

    RULES: ClassVar = (exactly_one_of("model", "endpoint", "chat", remedy="choose one reranker"),)

    model: ModelReranker | None = None
    """A model folder of your own, run inside the retrieval pod."""
    endpoint: EndpointReranker | None = None
    """A server of your own that reranks."""
    chat: ChatReranker | None = None
    """A language model of your own."""
    candidates: Annotated[int, Field(ge=2, le=40)] = 10
    """How many of the best candidates it puts in order; those behind them stay behind them."""
    budget_milliseconds: Annotated[int, Field(ge=50, le=2000)] = 1000
    """How long a search waits for it; then the search answers in the order that it had without."""
