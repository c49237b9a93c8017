"""The companion as a process, beside a server that speaks vLLM's routes: loaded, followed, and loaded again after a restart."""

import asyncio
import json
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hack.ports import free_port

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import AdapterRefused, Engine, EngineAway, EngineGone
from tests.integration.test_adapters.vllm import PATIENCE, FakeVllm, adapter, engine_of, until


@pytest.fixture
def vllm() -> FakeVllm:
    return FakeVllm()


async def test_the_engine_tells_what_it_has_and_refuses_in_its_own_words(vllm: FakeVllm, tmp_path: Path) -> None:
    async with engine_of(vllm) as (engine, _):
        assert await engine.loaded() == frozenset()
        await engine.load("voice", str(adapter(tmp_path / "voice")))
        assert await engine.loaded() == {"voice"}
        with pytest.raises(AdapterRefused, match="rank 64 is greater"):
            await engine.load("large", str(adapter(tmp_path / "large", rank=64)))
        await engine.unload("voice")
        await engine.unload("voice")
        assert await engine.loaded() == frozenset()
        vllm.away = True
        with pytest.raises(EngineAway, match="503"):
            await engine.loaded()


async def test_an_engine_that_is_not_there_is_told_from_one_that_is_slow(vllm: FakeVllm) -> None:
    vllm.loads.clear()
    async with engine_of(vllm) as (_, url), aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.5)) as session:
        with pytest.raises(EngineAway, match="does not answer") as caught:
            await Engine(session, url).load("voice", "/nowhere")
        assert not isinstance(caught.value, EngineGone)
        vllm.loads.set()
        with pytest.raises(EngineGone, match="is not there"):
            await Engine(session, f"http://127.0.0.1:{free_port()}").loaded()


async def test_the_process_follows_its_document_and_an_engine_that_is_started_anew(
    vllm: FakeVllm, tmp_path: Path
) -> None:
    document = tmp_path / "adapters.json"

    def want(*names: str) -> None:
        uris = {name: AdapterSource(name=name, uri=f"file://{tmp_path / name}") for name in names}
        document.with_suffix(".new").write_text(Adapters(adapters=tuple(uris.values())).to_json())
        document.with_suffix(".new").replace(document)

    adapter(tmp_path / "voice")
    adapter(tmp_path / "outlet")
    want("voice")
    async with engine_of(vllm) as (_, url):
        command = ["--document", str(document), "--into", str(tmp_path / "into"), "--engine", url]
        port = free_port()
        command += ["--host", "127.0.0.1", "--readiness", str(port)]
        companion = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kefu_operator.adapters", *command,
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            await _until_told(companion, {"voice"})
            assert await _readiness(port) == (200, "ready")
            want("voice", "nowhere", "outlet")
            await _until_told(companion, {"voice", "outlet"}, failed={"nowhere"})
            assert set(vllm.loras) == {"voice", "outlet"}
            assert await _readiness(port) == (200, "ready")
            # It died and was started anew: it has forgotten everything.
            vllm.loads.clear()
            vllm.loras.clear()
            assert await _readiness(port) == (503, "not loaded yet: outlet, voice")
            vllm.loads.set()
            await until(lambda: set(vllm.loras) == {"voice", "outlet"})
            assert await _readiness(port) == (200, "ready")
        finally:
            companion.kill()
            await companion.wait()


async def _readiness(port: int) -> tuple[int, str]:
    """What the kubelet is told."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status, await answer.text()


async def _until_told(
    companion: asyncio.subprocess.Process, loaded: set[str], failed: Collection[str] = frozenset()
) -> None:
    assert companion.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            event: dict[str, Any] = json.loads(await companion.stdout.readline())
            assert set(event["failed"]) <= set(failed)
            if set(event["loaded"]) == loaded and set(event["failed"]) == set(failed):
                return
