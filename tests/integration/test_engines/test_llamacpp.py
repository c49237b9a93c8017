"""The launcher over a real model: answers in both languages, streams, stops."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kefu_operator.plan.engines.llama_cpp import BUSY, STEPS
from kefu_operator.plan.engines.progress import alive
from tests.integration.test_engines.launcher import Engine, launched

pytestmark = pytest.mark.model

PATIENCE = aiohttp.ClientTimeout(total=300)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with launched("--alias", "shop", "--context", "1024", "--parallel", "2") as engine:
        yield engine


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        yield session


def question(text: str, **options: Any) -> dict[str, Any]:
    system = "Answer only from this text. 退货期限是7天。The warranty lasts 12 months."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return {"model": "shop", "messages": messages, "temperature": 0, "max_tokens": 40, **options}


async def gauge(session: aiohttp.ClientSession, engine: Engine, name: str) -> float:
    async with session.get(f"{engine.url}/metrics") as answer:
        match = re.search(rf"^llamacpp:{name} (\S+)$", await answer.text(), re.MULTILINE)
    assert match
    return float(match[1])


@pytest.mark.parametrize(("text", "fact"), [("退货期限是几天？", "7"), ("How long is the warranty?", "12")])
async def test_answers_in_chinese_and_english(
    session: aiohttp.ClientSession, engine: Engine, text: str, fact: str
) -> None:
    async with session.post(f"{engine.url}/v1/chat/completions", json=question(text)) as answer:
        body = await answer.json()
    assert fact in body["choices"][0]["message"]["content"]
    assert body["model"] == "shop"


async def test_a_stream_ends_with_its_usage(session: aiohttp.ClientSession, engine: Engine) -> None:
    wanted = question("退货期限是几天？", stream=True, stream_options={"include_usage": True})
    async with session.post(f"{engine.url}/v1/chat/completions", json=wanted) as answer:
        lines = [line.decode().strip() async for line in answer.content]
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    usage = json.loads(data[-2])["usage"]
    assert usage["prompt_tokens"] > 20
    assert usage["completion_tokens"] > 0


async def test_the_constant_beginning_of_a_prompt_is_computed_once(
    session: aiohttp.ClientSession, engine: Engine
) -> None:
    cached = []
    for text in ("退货期限是几天？", "保修多久？"):
        async with session.post(f"{engine.url}/v1/chat/completions", json=question(text, max_tokens=1)) as answer:
            cached.append((await answer.json())["usage"]["prompt_tokens_details"]["cached_tokens"])
    assert cached[-1] >= 20


async def test_its_steps_are_counted_and_the_probe_lets_it_live(
    session: aiohttp.ClientSession, engine: Engine, tmp_path: Path
) -> None:
    command = list(alive(sys.executable, int(engine.url.rpartition(":")[2]), BUSY, STEPS, seconds=0))
    command[4] = str(tmp_path / "progress.json")
    name = STEPS.removeprefix("llamacpp:")
    for _ in range(2):
        before = await gauge(session, engine, name)
        async with session.post(f"{engine.url}/v1/chat/completions", json=question("保修多久？", max_tokens=4)):
            assert (await asyncio.to_thread(subprocess.run, command, check=False)).returncode == 0
        assert await gauge(session, engine, name) > before


async def test_leaving_a_stream_frees_its_slot(session: aiohttp.ClientSession, engine: Engine) -> None:
    endless = question("Write a very long story.", stream=True, max_tokens=900, ignore_eos=True)
    async with session.post(f"{engine.url}/v1/chat/completions", json=endless) as answer:
        assert (await answer.content.readany()).startswith(b"data: ")
        assert await gauge(session, engine, "requests_processing") == 1
    before = await gauge(session, engine, "tokens_predicted_total")
    while await gauge(session, engine, "requests_processing"):
        pass  # bounded by the session's and the test run's patience
    assert await gauge(session, engine, "tokens_predicted_total") - before < 400


async def test_a_queue_of_questions_does_not_silence_health(session: aiohttp.ClientSession, engine: Engine) -> None:
    endless = question("Write a very long story.", stream=True, max_tokens=900, ignore_eos=True)
    answers = [await session.post(f"{engine.url}/v1/chat/completions", json=endless) for _ in range(2)]
    waiting = aiohttp.ClientSession(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0))
    tasks = [asyncio.create_task(_status(waiting, engine, endless)) for _ in range(20)]
    while await gauge(session, engine, "requests_deferred") < 18:
        await gauge(session, engine, "requests_processing")
    async with session.get(f"{engine.url}/health") as health:
        assert await health.json() == {"status": "ok"}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await waiting.close()
    for answer in answers:
        answer.close()


async def _status(session: aiohttp.ClientSession, engine: Engine, body: dict[str, Any]) -> int:
    async with session.post(f"{engine.url}/v1/chat/completions", json=body) as answer:
        return answer.status


async def test_a_prompt_beyond_the_context_is_refused(session: aiohttp.ClientSession, engine: Engine) -> None:
    async with session.post(f"{engine.url}/v1/chat/completions", json=question("退货 " * 4000)) as answer:
        assert answer.status == 400
        assert "context" in (await answer.text())


async def test_an_answer_that_fills_its_share_ends_alone(session: aiohttp.ClientSession, engine: Engine) -> None:
    filling = question("Hi " * 420, max_tokens=400, ignore_eos=True)  # share: 512 tokens
    both = await asyncio.gather(*(_answer(session, engine, body) for body in (filling, question("保修多久？"))))
    assert [body["choices"][0]["finish_reason"] for body in both] == ["length", "stop"]


async def _answer(session: aiohttp.ClientSession, engine: Engine, body: dict[str, Any]) -> dict[str, Any]:
    async with session.post(f"{engine.url}/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def test_other_sites_may_not_ask_from_a_browser(session: aiohttp.ClientSession, engine: Engine) -> None:
    async with session.get(f"{engine.url}/v1/models", headers={"Origin": "http://elsewhere"}) as answer:
        assert answer.headers.get("Access-Control-Allow-Origin", "") == ""


async def test_sigterm_ends_it_in_the_middle_of_an_answer(session: aiohttp.ClientSession, engine: Engine) -> None:
    endless = question("Write a very long story.", stream=True, max_tokens=900, ignore_eos=True)
    async with session.post(f"{engine.url}/v1/chat/completions", json=endless) as answer:
        await answer.content.readany()
        engine.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(engine.process.wait, 60) == 0
    assert engine.process.stdout is not None
    assert json.loads(engine.process.stdout.readlines()[-1])["message"] == "stopped"
    with pytest.raises(ProcessLookupError):
        os.killpg(engine.process.pid, 0)
