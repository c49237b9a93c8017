"""The Triton embedder: against a server on loopback that speaks KServe v2, and against the real Triton where it is at hand."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from kefu_api.documents.index import TritonEmbedding
from kefu_retrieval.embeddings.batches import BATCH
from kefu_retrieval.embeddings.triton import TritonEmbedder
from kefu_retrieval.errors import EmbeddingFailed, EmbeddingUnreachable
from tests.integration.loopback import served

DIMENSION = 4


@dataclass
class Triton:
    """A server of one model, which gives a text's length as the first number of its vector."""

    url: str = ""
    metadata: dict[str, Any] = field(
        default_factory=lambda: {
            "name": "encoder",
            "inputs": [{"name": "TEXT", "datatype": "BYTES", "shape": [-1, 1]}],
            "outputs": [{"name": "VECTOR", "datatype": "FP32", "shape": [-1, DIMENSION]}],
        }
    )
    statuses: list[int] = field(default_factory=list)
    """What the next inferences are answered with, before 200."""
    binary: bool = True
    fill: float = 1.0
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def tell(self, request: web.Request) -> web.Response:
        if request.match_info["model"] != "encoder":
            return web.json_response({"error": "unknown model"}, status=404)
        return web.json_response(self.metadata)

    async def infer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        if self.statuses:
            return web.json_response({"error": "not now"}, status=self.statuses.pop(0))
        texts = body["inputs"][0]["data"]
        vectors = np.array([[len(text), self.fill, 0, 0] for text in texts], dtype="<f4")
        output: dict[str, Any] = {"name": "VECTOR", "datatype": "FP32", "shape": list(vectors.shape)}
        if not self.binary:
            return web.json_response({"outputs": [{**output, "data": vectors.ravel().tolist()}]})
        output["parameters"] = {"binary_data_size": vectors.nbytes}
        header = json.dumps({"model_name": "encoder", "outputs": [output]}).encode()
        return web.Response(
            body=header + vectors.tobytes(), headers={"Inference-Header-Content-Length": str(len(header))}
        )


@pytest.fixture
async def triton() -> AsyncIterator[Triton]:
    made = Triton()
    application = web.Application()
    application.router.add_get("/v2/models/{model}", made.tell)
    application.router.add_post("/v2/models/{model}/infer", made.infer)
    async with served(application) as made.url:
        yield made


async def embed(url: str, *texts: str, model: str = "encoder", dimension: int = DIMENSION) -> Any:
    embedder = TritonEmbedder(TritonEmbedding(url=url, model=model, dimension=dimension), timeout=20, backoff=0.01)
    try:
        return await embedder.embed(texts)
    finally:
        await embedder.close()


@pytest.mark.parametrize("binary", [True, False], ids=["binary outputs", "outputs in JSON"])
async def test_gives_unit_vectors_in_the_order_of_the_texts_in_batches(triton: Triton, binary: bool) -> None:
    triton.binary = binary
    texts = ["x" * (n + 1) for n in range(2 * BATCH + 3)]
    vectors = await embed(triton.url, *texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], [len(text) for text in texts], rtol=1e-4)
    assert sorted(request["inputs"][0]["shape"][0] for request in triton.requests) == [3, BATCH, BATCH]
    assert all(request["inputs"][0]["shape"][1:] == [1] for request in triton.requests)


async def test_tries_again_while_the_server_is_busy_and_gives_up_in_the_end(triton: Triton) -> None:
    triton.statuses = [503, 429]
    assert (await embed(triton.url, "a")).shape == (1, DIMENSION)
    triton.statuses = [503] * 9
    with pytest.raises(EmbeddingUnreachable, match="503"):
        await embed(triton.url, "a")


async def test_names_a_model_that_is_not_there_and_a_dimension_that_is_wrong(triton: Triton) -> None:
    with pytest.raises(EmbeddingFailed, match=r"404.*embedding\.triton's url and model"):
        await embed(triton.url, "a", model="other")
    with pytest.raises(EmbeddingFailed, match=r"correct embedding\.triton\.dimension"):
        await embed(triton.url, "a", dimension=8)


async def test_refuses_numbers_that_are_not_finite(triton: Triton) -> None:
    triton.fill = float("nan")
    with pytest.raises(EmbeddingFailed, match="not finite"):
        await embed(triton.url, "a")


async def test_refuses_a_model_that_takes_something_else_than_a_text(triton: Triton) -> None:
    triton.metadata["inputs"] = [{"name": "input_ids", "datatype": "INT64", "shape": [-1, -1]}]
    with pytest.raises(EmbeddingFailed, match="takes no text"):
        await embed(triton.url, "a")


async def test_says_when_nobody_listens() -> None:
    with pytest.raises(EmbeddingUnreachable, match="does not answer"):
        await embed("http://127.0.0.1:9", "a")


@pytest.mark.skipif(
    "KEFU_TRITON_URL" not in os.environ, reason="KEFU_TRITON_URL names no Triton with the model `encoder`"
)
async def test_speaks_with_a_real_triton() -> None:
    """The model `encoder` there: TEXT (BYTES, [-1, 1]) to VECTOR (FP32, [-1, 4]), as `Triton` above."""
    texts = ["x" * (n + 1) for n in range(2 * BATCH + 3)] + ["退货" * 100]
    vectors = await embed(os.environ["KEFU_TRITON_URL"], *texts)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], [len(text) for text in texts], rtol=1e-4)
