import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from kefu_api.token import HEADER, TokenFile
from kefu_api.wire.chat import Outcome
from kefu_pipelines.evaluation.asking import ask_all
from kefu_pipelines.evaluation.cli import main
from kefu_pipelines.evaluation.errors import ServiceUnreachable
from tests.unit.test_pipelines.observations import ANSWERABLE, UNANSWERABLE

DONE = {
    "session": "session-1",
    "turn": "t",
    "answer": "7 天",
    "outcome": "answered",
    "language": "zh",
    "citations": [],
    "release": "r-1",
}
HIT = {
    "chunk": "c",
    "document": "faq/return.zh",
    "title": "t",
    "text": "x",
    "language": "zh",
    "score": 1,
    "confidence": 1,
}


@asynccontextmanager
async def services(*events: tuple[str, Any], status: int = 200) -> AsyncIterator[tuple[str, list[Any]]]:
    """A gateway and a search on one port, and what they were asked."""
    asked: list[Any] = []

    async def chat(request: web.Request) -> web.Response:
        asked.append(await request.json() | {"key": request.headers["Authorization"]})
        body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        return web.Response(text=body, status=status, content_type="text/event-stream")

    async def search(request: web.Request) -> web.Response:
        asked.append(await request.json() | {"token": request.headers.get(HEADER)})
        found = {"index": "shop", "version": "v1", "confidence": 1, "answerable": True, "hits": [HIT]}
        return web.json_response(found)

    application = web.Application()
    application.add_routes([web.post("/v1/chat", chat), web.post("/v1/search", search)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def test_each_question_goes_through_chat_and_search(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("t0ken\n")
    async with services(("start", {}), ("delta", {"text": "7 天"}), ("done", DONE)) as (url, asked):
        token = TokenFile(tmp_path / "key")
        seen = await ask_all([ANSWERABLE, UNANSWERABLE], url=url, key="k", retrieval_url=url, token=token)
    assert [observation.right for observation in seen] == [True, False]
    assert seen[0].found is True
    assert 0 < seen[0].first_token <= seen[0].total
    assert asked[0] == {"message": ANSWERABLE.question, "stream": True, "key": "Bearer k"}
    assert asked[1] == {"query": ANSWERABLE.question, "topK": 5, "history": [], "token": "t0ken"}


async def test_without_a_search_nothing_is_said_of_recall() -> None:
    async with services(("done", DONE)) as (url, _):
        (seen,) = await ask_all([ANSWERABLE], url=url, key="k", retrieval_url=None)
    assert seen.found is None


async def test_an_answer_that_breaks_off_counts_against_the_bot_and_goes_on() -> None:
    problem = {"code": "V4003", "message": "too slow"}
    async with services(("delta", {"text": "7"}), ("error", problem)) as (url, _):
        seen = await ask_all([ANSWERABLE, UNANSWERABLE], url=url, key="k", retrieval_url=None)
    assert [observation.outcome for observation in seen] == [Outcome.UNAVAILABLE] * 2
    assert seen[0].code == "V4003"
    assert not seen[0].right


@pytest.mark.parametrize(
    ("events", "status", "sentence"),
    [
        ((), 401, r"/v1/chat refuses \(HTTP 401\)"),
        ((("delta", {"text": "7"}),), 200, "ended the stream without a last event"),
        ((("done", {"other": 1}),), 200, "answers in another version's words"),
    ],
    ids=["a wrong key", "a stream that ends early", "another version"],
)
async def test_a_service_that_refuses_ends_the_evaluation(events: Any, status: int, sentence: str) -> None:
    async with services(*events, status=status) as (url, _):
        with pytest.raises(ServiceUnreachable, match=sentence):
            await ask_all([ANSWERABLE], url=url, key="k", retrieval_url=None)


def test_nobody_there_is_69_and_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("k")
    entry = {"id": "q", "language": "en", "question": "?", "answerable": False}
    (tmp_path / "golden.yaml").write_text(yaml.safe_dump([entry]))
    words = ["--url", "http://127.0.0.1:9", "--key-file", str(tmp_path / "key")]
    assert main([*words, "--golden", str(tmp_path / "golden.yaml")]) == 69
    assert capsys.readouterr().err.startswith("evaluation: http://127.0.0.1:9/v1/chat does not answer")
    assert main([*words, "--golden", str(tmp_path / "absent.yaml")]) == 1
