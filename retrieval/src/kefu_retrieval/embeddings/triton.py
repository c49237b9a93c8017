"""The Triton embedder: any server of the Open Inference Protocol (KServe v2) over HTTP, with a model from text to vectors.

The model is asked what it takes: one input of type BYTES (one text a row), one output of floats (one vector a row); an
ensemble of tokenizer and encoder looks like that from outside. Protocol: https://kserve.github.io/website, "Open Inference
Protocol", with Triton's extension for binary outputs, so that floats are not written out in decimals.
"""

import json
from collections.abc import Sequence
from typing import Any

import aiohttp
import numpy as np

from kefu_api.documents.index import TritonEmbedding
from kefu_retrieval.embeddings.batches import batches
from kefu_retrieval.embeddings.checking import unit
from kefu_retrieval.embeddings.protocol import MAX_CHARACTERS, Vectors
from kefu_retrieval.errors import EmbeddingFailed, EmbeddingUnreachable
from kefu_retrieval.remote.client import Remote
from kefu_retrieval.remote.posting import BUSY, busy

FIELD = "embedding.triton"
_HEADER_LENGTH = "Inference-Header-Content-Length"
_FLOATS = {"FP32": "<f4", "FP64": "<f8", "FP16": "<f2"}


class TritonEmbedder:
    """Asks for the model's tensors once, then sends batches of texts."""

    def __init__(
        self, target: TritonEmbedding, *, timeout: float = 30.0, attempts: int = 4, backoff: float = 0.5
    ) -> None:
        """`timeout` in seconds per request; `backoff` in seconds before the second attempt, doubled before each later one."""
        self._target = target
        self._remote = Remote(timeout, attempts, backoff)
        self._model = f"{target.url.rstrip('/')}/v2/models/{target.model}"
        self._tensors: tuple[str, list[int], str] | None = None

    @property
    def fingerprint(self) -> str:
        """Names the vector space: model and dimension, not the address."""
        return f"triton:{self._target.model}:{self._target.dimension}"

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._target.dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row per text, in order."""
        return await batches(self._remote, [text[:MAX_CHARACTERS] for text in texts], self.dimension, self._once)

    async def close(self) -> None:
        """Close the connections."""
        await self._remote.close()

    async def _once(self, texts: Sequence[str]) -> Vectors:
        try:
            if self._tensors is None:
                self._tensors = _tensors(await self._json("GET", self._model))
            return await self._infer(texts, *self._tensors)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EmbeddingUnreachable(f"{self._model} does not answer: {type(error).__name__}") from error

    async def _infer(self, texts: Sequence[str], name: str, shape: list[int], output: str) -> Vectors:
        body = {
            "inputs": [
                {"name": name, "datatype": "BYTES", "shape": [len(texts), *shape], "data": list(texts)},
            ],
            "outputs": [{"name": output, "parameters": {"binary_data": True}}],
        }
        url = f"{self._model}/infer"
        async with self._remote.session.post(url, json=body) as answer:
            await self._accept(url, answer)
            length = answer.headers.get(_HEADER_LENGTH)
            content = await answer.read()
        try:
            vectors = _decoded(content, int(length) if length else len(content))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise EmbeddingFailed(f"{url} answers something other than an inference") from error
        return unit(vectors, len(texts), self.dimension, FIELD)

    async def _json(self, method: str, url: str) -> Any:
        async with self._remote.session.request(method, url) as answer:
            await self._accept(url, answer)
            try:
                return await answer.json(content_type=None)
            except ValueError as error:
                raise EmbeddingFailed(f"{url} answers something other than JSON") from error

    async def _accept(self, url: str, answer: aiohttp.ClientResponse) -> None:
        if answer.status in BUSY:
            raise busy(url, answer, EmbeddingUnreachable)
        if answer.status != 200:
            detail = (await answer.text(errors="replace"))[:200]
            raise EmbeddingFailed(f"{url} answers {answer.status}: {detail}; check {FIELD}'s url and model")


def _tensors(metadata: Any) -> tuple[str, list[int], str]:
    """Name of the input, its dimensions behind the batch's, and name of the output."""
    try:
        inputs = [(one["name"], one["shape"]) for one in metadata["inputs"] if one["datatype"] == "BYTES"]
        outputs = [one["name"] for one in metadata["outputs"] if one["datatype"] in _FLOATS]
        (name, shape), (output,) = inputs[0], outputs
        others = len(metadata["inputs"]) - 1
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise EmbeddingFailed(f"{FIELD}.model takes no text, or gives not one tensor of floats") from error
    if others:
        raise EmbeddingFailed(f"{FIELD}.model wants {others} more inputs than a text; serve it behind an ensemble")
    return name, [1 for _ in shape[1:]], output


def _decoded(content: bytes, length: int) -> Vectors:
    """The output tensor, whether it stands in the JSON or behind it."""
    (output,) = json.loads(content[:length])["outputs"]
    shape = [int(side) for side in output["shape"]]
    if "data" in output:
        flat = np.array(output["data"], dtype=np.float32)
    else:
        flat = np.frombuffer(content[length:], dtype=_FLOATS[output["datatype"]])
    return np.asarray(flat.reshape(shape[0], -1), dtype=np.float32)
