"""The endpoint embedder against a real HTTP server that behaves as told."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from kefu_api.documents.index import EndpointEmbedding
from kefu_retrieval.embeddings.batches import BATCH
from kefu_retrieval.embeddings.endpoint import EndpointEmbedder
from kefu_retrieval.errors import EmbeddingFailed, EmbeddingUnreachable
from tests.integration.loopback import served

DIMENSION = 4


def honest(texts: list[str]) -> dict[str, Any]:
    """Vectors that are not normalised, in an order that is not that of the texts."""
    rows = [{"index": n, "embedding": [float(len(text)), 1.0, 0.0, 0.0]} for n, text in enumerate(texts)]
    return {"data": rows[::-1]}


@dataclass
class Endpoint:
    """An OpenAI-style embeddings server."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """What the next requests are answered with, before 200."""
    answer: Callable[[list[str]], Any] = honest
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    longest: int = 10_000
    """Characters of a text beyond which the request is refused, as by a model with a short context."""
    retry_after: str | None = None

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization"))
        if self.statuses:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.Response(status=self.statuses.pop(0), headers=headers)
        if any(len(text) > self.longest for text in body["input"]):
            return web.json_response({"error": {"message": "maximum context length"}}, status=400)
        return web.json_response(self.answer(body["input"]))


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    application = web.Application()
    application.router.add_post("/v1/embeddings", made.handle)
    async with served(application) as made.url:
        yield made


async def embed(endpoint: Endpoint, *texts: str, key: Path | None = None, dimension: int = DIMENSION) -> Any:
    target = EndpointEmbedding(url=endpoint.url, model="m", dimension=dimension, api_key_file=str(key) if key else None)
    embedder = EndpointEmbedder(target, timeout=20, backoff=0.01)
    try:
        return await embedder.embed(texts)
    finally:
        await embedder.close()


async def test_gives_unit_vectors_in_the_order_of_the_texts_in_batches(endpoint: Endpoint) -> None:
    texts = ["x" * (n + 1) for n in range(BATCH + 3)]
    vectors = await embed(endpoint, *texts)
    assert vectors.shape == (BATCH + 3, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    ratios = vectors[:, 0] / vectors[:, 1]
    np.testing.assert_allclose(ratios, [len(text) for text in texts], rtol=1e-4)
    assert sorted(len(request["input"]) for request in endpoint.requests) == [3, BATCH]


async def test_sends_the_key_of_the_file(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    await embed(endpoint, "a", key=tmp_path / "key")
    assert endpoint.keys == ["Bearer secret"]
    with pytest.raises(EmbeddingFailed, match="absent"):
        await embed(endpoint, "a", key=tmp_path / "absent")


async def test_tries_again_while_the_server_is_busy_and_gives_up_in_the_end(endpoint: Endpoint) -> None:
    endpoint.statuses = [503, 429]
    assert (await embed(endpoint, "a")).shape == (1, DIMENSION)
    endpoint.statuses = [500] * 9
    with pytest.raises(EmbeddingUnreachable, match="500"):
        await embed(endpoint, "a")
    assert len(endpoint.requests) == 3 + 4


async def test_does_not_try_again_when_the_server_refuses(endpoint: Endpoint) -> None:
    endpoint.statuses = [401]
    with pytest.raises(EmbeddingFailed, match="401"):
        await embed(endpoint, "a")
    assert len(endpoint.requests) == 1


UNUSABLE = {
    "too few vectors": lambda texts: {"data": honest(texts)["data"][1:]},
    "zeros": lambda texts: {"data": [{"index": n, "embedding": [0.0] * 4} for n in range(len(texts))]},
    "numbers that are not finite": lambda texts: {
        "data": [{"index": n, "embedding": [1e39] * 4} for n in range(len(texts))]
    },
    "another shape": lambda texts: {"vectors": []},
    "rows of unequal length": lambda texts: {
        "data": [{"index": n, "embedding": [1.0] * (n + 1)} for n in range(len(texts))]
    },
}


@pytest.mark.parametrize("case", UNUSABLE)
@pytest.mark.filterwarnings("ignore:overflow encountered")
async def test_refuses(endpoint: Endpoint, case: str) -> None:
    endpoint.answer = UNUSABLE[case]
    with pytest.raises(EmbeddingFailed):
        await embed(endpoint, "a", "b")


async def test_names_the_dimension_that_is_wrong(endpoint: Endpoint) -> None:
    with pytest.raises(EmbeddingFailed, match=r"1x4 numbers where 1x8"):
        await embed(endpoint, "a", dimension=8)


async def test_says_when_nobody_listens(endpoint: Endpoint) -> None:
    endpoint.url = "http://127.0.0.1:9"
    with pytest.raises(EmbeddingUnreachable, match="does not answer"):
        await embed(endpoint, "a")


async def test_shortens_only_the_text_that_is_too_long(endpoint: Endpoint) -> None:
    endpoint.longest = 1_000
    vectors = await embed(endpoint, "a" * 10, "b" * 3_000, "c" * 20)
    assert [round(float(row[0] / row[1])) for row in vectors] == [10, 750, 20]


async def test_gives_up_on_a_request_that_is_refused_however_short(endpoint: Endpoint) -> None:
    endpoint.longest = 0
    with pytest.raises(EmbeddingFailed, match=r"400; check embedding\.endpoint's url, model and key"):
        await embed(endpoint, "a" * 3_000)


async def test_waits_as_long_as_the_server_asks_for(endpoint: Endpoint) -> None:
    endpoint.statuses = [429]
    endpoint.retry_after = "0.3"
    began = time.monotonic()
    await embed(endpoint, "a")
    assert time.monotonic() - began >= 0.3
