"""What the API server answers becomes an error that says what to do; a silent watch is broken off."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from kefu_operator.client.client import LOG_BYTES, Client
from kefu_operator.client.connect import connect
from kefu_operator.client.transport import LINE_BYTES
from kefu_operator.errors import (
    Absent,
    ApiError,
    Conflict,
    Expired,
    Forbidden,
    NotLeading,
    Rejected,
    Silent,
    Temporary,
    Throttled,
    Unadmitted,
    Unavailable,
    api_error,
)
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.store import Store
from kefu_operator.resources import DEPLOYMENTS

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def client_of(
    answer: Answer, folder: Path, silence: float = 30, copies: Copies | None = None
) -> AsyncIterator[Client]:
    """A client of a server that answers every request so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = folder / "kubeconfig"
    server = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": server}}], "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }))  # fmt: skip
    try:
        async with connect(config, silence, copies) as client:
            yield client
    finally:
        await runner.cleanup()


def refusing(status: int, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "message": "so it is"}, status=status, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("status", "kind", "temporary"),
    [
        (400, Rejected, False),
        (403, Forbidden, False),
        (404, Absent, False),
        (409, Conflict, True),
        (410, Expired, False),
        (422, Rejected, False),
        (429, Throttled, True),
        (500, Unavailable, True),
        (503, Unavailable, True),
    ],
)
async def test_a_status_becomes_its_error(status: int, kind: type[ApiError], temporary: bool, tmp_path: Path) -> None:
    async with client_of(refusing(status), tmp_path) as client:
        with pytest.raises(kind, match="so it is") as told:
            await client.request("patch", "/apis/apps/v1/namespaces/a/deployments/a", {})
    assert type(told.value) is kind
    assert isinstance(told.value, Temporary) is temporary


def test_a_webhook_that_does_not_answer_has_an_error_of_its_own() -> None:
    told = api_error(500, 'Internal error occurred: failed calling webhook "m.example": connection refused')
    assert type(told) is Unadmitted
    assert isinstance(told, Temporary)
    assert type(api_error(500, "Internal error occurred")) is Unavailable


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("0", 0), ("soon", 0)])
async def test_how_long_to_wait_is_read_from_the_answer(text: str, seconds: float, tmp_path: Path) -> None:
    async with client_of(refusing(429, **{"Retry-After": text}), tmp_path) as client:
        with pytest.raises(Throttled) as told:
            await client.list(DEPLOYMENTS, "a")
    assert told.value.retry_after == seconds


async def test_a_call_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with client_of(never, tmp_path) as client, asyncio.timeout(30):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await client.request("patch", "/apis/apps/v1/namespaces/a/deployments/a", {}, seconds=0.2)


async def test_a_request_whose_guard_refuses_is_never_sent(tmp_path: Path) -> None:
    heard: list[str] = []

    async def hear(request: web.Request) -> web.StreamResponse:
        heard.append(request.method)
        return web.json_response({})

    def refuse() -> None:
        raise NotLeading("too late")

    path = "/apis/apps/v1/namespaces/a/deployments/a"
    async with client_of(hear, tmp_path) as client:
        with pytest.raises(NotLeading):
            await client.request("patch", path, {}, guard=refuse)
        await client.request("patch", path, {}, guard=lambda: None)
        await client.request("delete", path)
    assert heard == ["PATCH", "DELETE"]


async def test_a_log_is_whole_up_to_its_bound_however_its_bytes_come(tmp_path: Path) -> None:
    async def in_pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"x" * 1000)
            await asyncio.sleep(0.05)
        return response

    async with client_of(in_pieces, tmp_path) as client:
        tails = [await client.log_tail("a", "p", "c", previous=False, lines=1, most=most) for most in (2500, 9000)]
    assert [len(tail) for tail in tails] == [2500, 3000]


async def test_a_watch_that_falls_silent_is_broken_off(tmp_path: Path) -> None:
    async def one_event(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(
            json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "2"}}}).encode() + b"\n"
        )
        await asyncio.sleep(60)
        return response

    seen = []
    async with client_of(one_event, tmp_path, silence=0.3) as client, asyncio.timeout(30):
        with pytest.raises(Silent):
            async for change, _ in client.watch(DEPLOYMENTS, "a", "1"):
                seen.append(change)
    assert seen == ["BOOKMARK"]


def deployment(version: int) -> dict[str, object]:
    meta = {"name": "a", "namespace": "a", "resourceVersion": str(version)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta}


def sending(*parts: bytes) -> Answer:
    """A watch whose bytes come in these parts."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0.05)
        return response

    return answer


async def test_events_are_whole_however_their_bytes_come(tmp_path: Path) -> None:
    lines = b"".join(orjson.dumps({"type": "ADDED", "object": deployment(number)}) + b"\n" for number in (1, 2, 3))
    async with client_of(sending(lines[:10], lines[10:150], lines[150:]), tmp_path) as client:
        seen = [found["metadata"]["resourceVersion"] async for _, found in client.watch(DEPLOYMENTS, "a", "1")]
    assert seen == ["1", "2", "3"]


async def test_news_of_an_own_write_is_a_bookmark(tmp_path: Path) -> None:
    lines = [orjson.dumps({"type": "MODIFIED", "object": deployment(number)}) + b"\n" for number in (4, 5)]
    copies = Copies({DEPLOYMENTS: Store()})
    copies.learn(deployment(4))
    async with client_of(sending(*lines), tmp_path, copies=copies) as client:
        seen = [
            (change, found["metadata"]["resourceVersion"])
            async for change, found in client.watch(DEPLOYMENTS, "a", "1")
        ]
    assert seen == [("BOOKMARK", "4"), ("MODIFIED", "5")]


async def test_a_line_without_end_is_broken_off(tmp_path: Path) -> None:
    async with client_of(sending(b"x" * (LINE_BYTES + 1), b"x"), tmp_path) as client:
        with pytest.raises(Unavailable, match="a line of more than"):
            async for _ in client.watch(DEPLOYMENTS, "a", "1"):
                pass


@pytest.mark.parametrize(
    "text", [b"<html>a login page</html>", b'{"type":"MODIFIED","object":{"kind":"Deploy', b"[]", b'"ok"'],
    ids=["a page", "cut off", "a list", "a text"],
)  # fmt: skip
async def test_what_is_no_object_is_no_answer_of_the_api_server(text: bytes, tmp_path: Path) -> None:
    async with client_of(sending(text), tmp_path) as client:
        with pytest.raises(Unavailable, match="sent what is no"):
            await client.list(DEPLOYMENTS, "a")
        with pytest.raises(Unavailable, match="sent what is no"):
            async for _ in client.watch(DEPLOYMENTS, "a", "1"):
                pass


@pytest.mark.parametrize(
    "text", [b'{"error":"no route"}', b'{"metadata":{}}', b'{"metadata":null}', b'{"metadata":"x"}',
             b'{"type":"ADDED"}', b'{"type":"ADDED","object":{}}'],
)  # fmt: skip
async def test_an_object_that_is_none_of_the_api_servers_is_no_answer(text: bytes, tmp_path: Path) -> None:
    async with client_of(sending(text), tmp_path) as client:
        with pytest.raises(Unavailable, match=r"sent what has no metadata\.resourceVersion"):
            await client.list(DEPLOYMENTS, "a")
        with pytest.raises(Unavailable, match=r"sent what has no metadata\.resourceVersion"):
            await client.get(DEPLOYMENTS, "a", "a")
        with pytest.raises(Unavailable, match=r"sent what has no (type|object)"):
            async for _ in client.watch(DEPLOYMENTS, "a", "1"):
                pass


async def test_a_log_is_read_to_its_end_however_its_bytes_come(tmp_path: Path) -> None:
    async with client_of(sending(b"first line\n", b"second", b" line\n"), tmp_path) as client:
        assert await client.log_tail("a", "pod", "c", previous=False, lines=2) == "first line\nsecond line\n"


async def test_a_log_is_read_no_further_than_it_may_be_long(tmp_path: Path) -> None:
    async with client_of(sending(b"x" * LOG_BYTES, b"y"), tmp_path) as client:
        assert await client.log_tail("a", "pod", "c", previous=False, lines=2) == "x" * LOG_BYTES


async def test_an_expired_version_amid_a_watch_asks_for_a_new_list(tmp_path: Path) -> None:
    async def expired(request: web.Request) -> web.StreamResponse:
        status = {"kind": "Status", "code": 410, "message": "too old resource version"}
        return web.json_response({"type": "ERROR", "object": status})

    async with client_of(expired, tmp_path) as client:
        with pytest.raises(Expired, match="too old"):
            async for _ in client.watch(DEPLOYMENTS, "a", "1"):
                pass
