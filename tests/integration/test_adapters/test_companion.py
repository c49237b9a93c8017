"""The companion as a process, beside a server that speaks vLLM's routes: loaded, followed, and loaded again after a restart."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.engine import AdapterRefused, Engine, EngineAway

PATIENCE = 120


class FakeVllm:
    """vLLM's routes of adapters, as v0.11 and later have them (vllm/entrypoints/openai/serving_models.py)."""

    def __init__(self) -> None:
        self.loras: dict[str, str] = {}
        self.away = False

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/load_lora_adapter", self._load)
        app.router.add_post("/v1/unload_lora_adapter", self._unload)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        base = {"id": "chat", "object": "model", "root": "/var/lib/kefu/model", "parent": None}
        cards = [{"id": name, "object": "model", "root": path, "parent": "chat"} for name, path in self.loras.items()]
        return web.json_response({"object": "list", "data": [base, *cards]})

    async def _load(self, request: web.Request) -> web.Response:
        body = await request.json()
        name, path = body["lora_name"], body["lora_path"]
        if name in self.loras:
            return _error(400, f"The lora adapter '{name}' has already been loaded.")
        if not (Path(path) / "adapter_config.json").is_file():
            return _error(404, f"No adapter found for {path}")
        rank = json.loads((Path(path) / "adapter_config.json").read_text())["r"]
        if rank > 16:
            return _error(400, f"LoRA rank {rank} is greater than max_lora_rank 16.")
        self.loras[name] = path
        return web.Response(text=f"Success: LoRA adapter '{name}' added successfully.")

    async def _unload(self, request: web.Request) -> web.Response:
        name = (await request.json())["lora_name"]
        if self.loras.pop(name, None) is None:
            return _error(404, f"The lora adapter '{name}' cannot be found.")
        return web.Response(text=f"Success: LoRA adapter '{name}' removed successfully.")


def _error(status: int, message: str) -> web.Response:
    error = {"message": message, "type": "InvalidUserInput", "param": None, "code": status}
    return web.json_response({"error": error}, status=status)


@pytest.fixture
def vllm() -> FakeVllm:
    return FakeVllm()


@asynccontextmanager
async def engine_of(vllm: FakeVllm) -> AsyncIterator[tuple[Engine, str]]:
    async with TestServer(vllm.app()) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        yield Engine(session, url), url


def adapter(folder: Path, rank: int = 8) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return folder


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
            await _until(lambda: set(vllm.loras) == {"voice", "outlet"})
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


async def _until(holds: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.1)
