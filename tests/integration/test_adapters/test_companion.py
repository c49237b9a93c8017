"""The companion as a process, beside a server that speaks vLLM's routes: loaded, followed, and loaded again after a restart."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import AdapterRefused, Engine, EngineAway
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


async def test_an_engine_that_is_not_there_is_away() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(EngineAway, match="does not answer"):
            await Engine(session, "http://127.0.0.1:9").loaded()


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
        companion = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kefu_operator.adapters", *command,
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            await _until_told(companion, {"voice"})
            want("voice", "outlet")
            await _until_told(companion, {"voice", "outlet"})
            assert set(vllm.loras) == {"voice", "outlet"}
            # It died and was started anew: it has forgotten everything.
            vllm.loras.clear()
            await until(lambda: set(vllm.loras) == {"voice", "outlet"})
        finally:
            companion.kill()
            await companion.wait()


async def _until_told(companion: asyncio.subprocess.Process, loaded: set[str]) -> None:
    assert companion.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            event: dict[str, Any] = json.loads(await companion.stdout.readline())
            assert not event["failed"]
            if set(event["loaded"]) == loaded:
                return
