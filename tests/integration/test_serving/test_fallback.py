"""Several engines in order, and Azure's routes, against real servers on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from hack.ports import free_port

from kefu_api.documents.release import EngineServer
from kefu_serving.clients.engine import EngineClient
from kefu_serving.clients.fallback import FallbackEngine
from kefu_serving.clients.http import new_session
from kefu_serving.errors import EngineInterrupted, EngineUnavailable


@dataclass
class Server:
    """An engine that says its own name, or fails as it is told to."""

    name: str
    status: int = 200
    whole: bool = True
    url: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        end = b"data: [DONE]\n\n" if self.whole else b""
        word = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % self.name.encode()
        return web.Response(status=self.status, body=word + end)


@asynccontextmanager
async def running(*servers: Server) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for server in servers:
            app = web.Application()
            app.router.add_post("/{rest:.*}", server.answer)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield


async def said(*urls: str, times: int = 1, rest_seconds: float = 3600) -> list[str]:
    """What is answered to so many turns."""
    async with new_session() as session:
        engines = [EngineClient(session, EngineServer(url=url, model="m"), 10) for url in urls]
        engine = FallbackEngine(engines, rest_seconds)
        found: list[str] = []
        for _ in range(times):
            async with engine.generate([{"role": "user", "content": "hi"}], {}) as words:
                found += [piece async for piece in words]
        return found


async def test_the_first_answers_and_the_others_are_not_asked() -> None:
    first, second = Server("first"), Server("second")
    async with running(first, second):
        assert await said(first.url, second.url, times=2) == ["first", "first"]
    assert second.asked == []


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_where_the_first_refuses_the_next_answers(status: int) -> None:
    first, second = Server("first", status=status), Server("second")
    async with running(first, second):
        assert await said(first.url, second.url) == ["second"]


async def test_one_that_failed_is_not_asked_first_again_for_a_while() -> None:
    first, second = Server("first", status=503), Server("second")
    async with running(first, second):
        assert await said(first.url, second.url, times=3) == ["second"] * 3
        assert len(first.asked) == 1
        assert await said(first.url, second.url, times=3, rest_seconds=0) == ["second"] * 3
        assert len(first.asked) == 4


async def test_one_that_is_not_there_is_passed_over() -> None:
    second = Server("second")
    async with running(second):
        assert await said(f"http://127.0.0.1:{free_port()}", second.url) == ["second"]


async def test_when_all_fail_each_ones_reason_is_told() -> None:
    first = Server("first", status=503)
    async with running(first):
        with pytest.raises(EngineUnavailable, match=r"(?s)HTTP 503.*; m: the engine cannot be reached"):
            await said(first.url, f"http://127.0.0.1:{free_port()}")


async def test_an_answer_that_broke_off_is_not_begun_by_another() -> None:
    first, second = Server("first", whole=False), Server("second")
    async with running(first, second):
        with pytest.raises(EngineInterrupted):
            await said(first.url, second.url)
    assert second.asked == []


async def test_leaving_early_stops_the_engine_that_answers() -> None:
    second = Server("second")
    async with running(second), new_session() as session:
        targets = [EngineServer(url=url, model="m") for url in (f"http://127.0.0.1:{free_port()}", second.url)]
        engine = FallbackEngine([EngineClient(session, target, 10) for target in targets])
        async with asyncio.timeout(30), engine.generate([], {}) as words:
            assert await anext(words) == "second"


async def test_azure_has_its_own_route_and_header(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret\n")
    server = Server("azure")
    async with running(server), new_session() as session:
        target = EngineServer(url=server.url, model="gpt-4o", api_key_file=str(file), azure_api_version="2024-10-21")
        async with EngineClient(session, target, 10).generate([], {}) as words:
            assert [piece async for piece in words] == ["azure"]
    [request] = server.asked
    assert request.path_qs == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert request.headers["api-key"] == "secret"
    assert "authorization" not in request.headers
