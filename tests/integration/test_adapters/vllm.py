"""A server that speaks vLLM's routes of adapters, and folders of adapters."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from kefu_operator.adapters.engine import Engine

PATIENCE = 120


class FakeVllm:
    """vLLM's routes of adapters, as v0.11 and later have them (vllm/entrypoints/openai/serving_models.py)."""

    def __init__(self) -> None:
        self.loras: dict[str, str] = {}
        self.away = False
        self.loads = asyncio.Event()
        """While it is not set, a load takes for ever."""
        self.loads.set()

    def app(self) -> web.Application:
        """The server."""
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
        await self.loads.wait()
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


@asynccontextmanager
async def engine_of(vllm: FakeVllm) -> AsyncIterator[tuple[Engine, str]]:
    """The server, as the companion sees it, and its URL."""
    async with TestServer(vllm.app()) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        yield Engine(session, url), url


def adapter(folder: Path, rank: int = 8) -> Path:
    """A folder that the server takes for an adapter."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return folder


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process or task does."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.1)
