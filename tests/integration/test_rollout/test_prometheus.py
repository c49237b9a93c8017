"""The client of Prometheus against a real one, and against what is none."""

import asyncio
import math
import socket
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web
from hack.prometheus import prometheus

from kefu_operator.errors import PrometheusAway, QueryRefused
from kefu_operator.prometheus import Prometheus, connect


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), []) as running:
        yield running


async def test_a_vector_comes_with_its_labels_and_a_scalar_without(url: str) -> None:
    async with connect(url) as found:
        assert found is not None
        (sample,) = await found.query('label_replace(vector(2.5), "who", "库果", "", "")')
        assert (sample.labels, sample.value) == ({"who": "库果"}, 2.5)
        (scalar,) = await found.query("4")
        assert (scalar.labels, scalar.value) == ({}, 4.0)


async def test_nothing_and_not_a_number_are_told_apart(url: str) -> None:
    async with connect(url) as found:
        assert found is not None
        assert await found.query("no_such_series") == ()
        (sample,) = await found.query("vector(0) / vector(0)")
        assert math.isnan(sample.value)


async def test_what_it_does_not_understand_is_our_defect(url: str) -> None:
    async with connect(url) as found:
        assert found is not None
        with pytest.raises(QueryRefused, match="bad_data"):
            await found.query("sum(")


async def test_nobody_there_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with connect(f"http://127.0.0.1:{taken.getsockname()[1]}") as found:
            assert found is not None
            with pytest.raises(PrometheusAway):
                await found.query("1")


@pytest.mark.parametrize("body", ["<html>a login page</html>", "[]", '{"status": "success", "data": {}}'])
async def test_something_else_that_answers_is_away_too(body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async def stall(_: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/api/v1/query", answer), web.post("/slow/api/v1/query", stall)])
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(PrometheusAway, match="no answer of Prometheus's API"):
                await Prometheus(session, base).query("1")
            with pytest.raises(PrometheusAway, match="no answer within"):
                await Prometheus(session, f"{base}/slow", seconds=0.2).query("1")
    finally:
        await runner.cleanup()


async def test_no_address_is_no_prometheus() -> None:
    async with connect(None) as found:
        assert found is None


async def test_an_answer_is_read_to_its_end_however_its_bytes_come() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b'{"status": "success", "data": {"resultType":', b' "scalar", "result": [1, "4"]}}'):
            await response.write(part)
            await asyncio.sleep(0.05)
        return response

    app = web.Application()
    app.add_routes([web.post("/api/v1/query", answer)])
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with connect(f"http://127.0.0.1:{runner.addresses[0][1]}") as found:
            assert found is not None
            (sample,) = await found.query("4")
            assert sample.value == 4.0
    finally:
        await runner.cleanup()
