"""The rerankers behind HTTP: a real server of /v1/rerank that behaves as told, and a real llama.cpp that is asked yes or no."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kefu_api.documents.index import ChatReranker as ChatTarget
from kefu_api.documents.index import EndpointReranker as EndpointTarget
from kefu_retrieval.errors import RerankerFailed, RerankerUnreachable
from kefu_retrieval.rerankers.chat import ChatReranker
from kefu_retrieval.rerankers.endpoint import EndpointReranker
from tests.integration.loopback import served
from tests.integration.test_engines.launcher import launched


@dataclass
class Server:
    """Scores a document by its length over ten."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """What the next requests are answered with, before 200."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    answer: Any = None
    """What is answered in place of scores."""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization"))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), headers={"Retry-After": "0.2"})
        rows = [{"index": n, "relevance_score": len(text) / 10} for n, text in enumerate(body["documents"])]
        best = sorted(rows, key=lambda row: -row["relevance_score"])[: body["top_n"]]
        return web.json_response({"results": best} if self.answer is None else self.answer)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    application = web.Application()
    application.router.add_post("/v1/rerank", made.handle)
    async with served(application) as made.url:
        yield made


async def rerank(server: Server, *passages: str, key: Path | None = None) -> list[float]:
    target = EndpointTarget(url=f"{server.url}/", model="m", api_key_file=str(key) if key else None)
    reranker = EndpointReranker(target, timeout=20, backoff=0.01)
    try:
        return await reranker.score("why", passages)
    finally:
        await reranker.close()


async def test_gives_the_scores_in_the_order_of_the_passages(server: Server) -> None:
    assert await rerank(server, "xxxxx", "x" * 8, "xx") == pytest.approx([0.0, 1.386294, -1.386294], abs=1e-5)
    assert server.requests == [
        {"model": "m", "query": "why", "documents": ["xxxxx", "x" * 8, "xx"], "top_n": 3},
    ]


async def test_takes_scores_that_are_no_shares_for_log_odds(server: Server) -> None:
    assert await rerank(server, "x" * 40, "xx") == [4.0, 0.2]


async def test_sends_the_key_of_the_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    await rerank(server, "a", "b", key=tmp_path / "key")
    assert server.keys == ["Bearer secret"]
    with pytest.raises(RerankerFailed, match="absent"):
        await rerank(server, "a", "b", key=tmp_path / "absent")


async def test_tries_again_while_the_server_is_busy_as_long_as_it_asks_for(server: Server) -> None:
    server.statuses = [503]
    began = time.monotonic()
    assert len(await rerank(server, "a", "b")) == 2
    assert time.monotonic() - began >= 0.2
    server.statuses = [429] * 9
    with pytest.raises(RerankerUnreachable, match="429"):
        await rerank(server, "a", "b")


async def test_does_not_try_again_when_the_server_refuses(server: Server) -> None:
    server.statuses = [404]
    with pytest.raises(RerankerFailed, match=r"404; check reranker\.endpoint's url"):
        await rerank(server, "a", "b")
    assert len(server.requests) == 1
    server.url = "http://127.0.0.1:9"
    with pytest.raises(RerankerUnreachable, match="does not answer"):
        await rerank(server, "a", "b")


UNUSABLE = {
    "a document is missing": {"results": [{"index": 0, "relevance_score": 0.1}]},
    "a score is no number": {"results": [{"index": n, "relevance_score": "high"} for n in range(2)]},
    "a score is not finite": {"results": [{"index": n, "relevance_score": float("nan")} for n in range(2)]},
    "another shape": {"data": []},
    "a list": [1, 2],
}


@pytest.mark.parametrize("case", UNUSABLE)
async def test_refuses_an_answer_in_which(server: Server, case: str) -> None:
    server.answer = UNUSABLE[case]
    with pytest.raises(RerankerFailed, match=r"reranker\.endpoint"):
        await rerank(server, "a", "b")


QUESTIONS = {
    "几天内可以退货？": 0,
    "How long is the warranty?": 1,
}
PASSAGES = (
    "收到商品后 7 天内可以申请退货，商品须完好。",
    "The warranty of every phone lasts 12 months from the day of purchase.",
    "We deliver to Canada within five days.",
)


@pytest.mark.model
async def test_a_real_language_model_tells_which_passage_answers() -> None:
    with launched("--alias", "shop", "--context", "4096", "--parallel", "4", named="qwen2.5-coder-1.5b") as engine:
        reranker = ChatReranker(ChatTarget(url=engine.url, model="shop"))
        for question, right in QUESTIONS.items():
            found = await reranker.score(question, PASSAGES)
            assert max(range(len(found)), key=found.__getitem__) == right, found
            assert found[right] > 0
        await reranker.close()
