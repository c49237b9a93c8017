"""A whole repository of the hub, and the token that opens it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from kefu_operator.fetch.errors import ChecksumMismatch, DiskFull, Forbidden, NotFound, Unreachable, UriInvalid
from kefu_operator.fetch.fetcher import Fetcher, Request
from tests.integration.test_fetch.origin import Origin

FILES = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": b"1" * 100_000,
    "model-00002-of-00002.safetensors": b"2" * 200_000,
    "pytorch_model.bin": b"3" * 300_000,
    ".gitattributes": b"*.safetensors filter=lfs",
    "onnx/vocab.txt": b"words",
}
WANTED = {"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "onnx/vocab.txt"}


@pytest.fixture
def origin() -> Origin:
    return Origin({f"/acme/bot/resolve/c0ffee/{name}": body for name, body in FILES.items()})


@pytest.fixture
async def server(origin: Origin) -> AsyncIterator[BaseTestServer]:
    async with TestServer(origin.app()) as server:
        yield server


def fetcher(server: BaseTestServer, token: str | None = None, **options: Any) -> Fetcher:
    async def sleep(seconds: float) -> None:
        return None

    return Fetcher(str(server.make_url("/")), token, allow_http=True, emit=lambda event: None, sleep=sleep, **options)


async def test_a_snapshot_comes_from_one_commit_without_duplicate_weights(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    fetched = await fetcher(server).fetch(Request("hf://acme/bot", tmp_path))
    assert fetched.path == tmp_path
    assert {name for name in FILES if (tmp_path / name).exists()} == WANTED
    assert all((tmp_path / name).read_bytes() == FILES[name] for name in WANTED)
    asked = len(origin.requests)
    await fetcher(server).fetch(Request("hf://acme/bot", tmp_path))
    assert len(origin.requests) == asked


async def test_an_interrupted_snapshot_keeps_its_finished_files(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    with pytest.raises(DiskFull):
        await fetcher(server, free=lambda folder: 250_000).fetch(Request("hf://acme/bot", tmp_path))
    origin.cuts = [10**9, 50_000]
    await fetcher(server).fetch(Request("hf://acme/bot", tmp_path))
    (tmp_path / "config.json").unlink()
    origin.requests.clear()
    await fetcher(server).fetch(Request("hf://acme/bot", tmp_path))
    assert [request.path.rpartition("/")[2] for request in origin.requests] == ["main", "config.json"]


async def test_a_file_that_differs_from_the_listing_is_refused(server: BaseTestServer, tmp_path: Path) -> None:
    liar = Origin({"/acme/bot/resolve/c0ffee/a.txt": b"listed"})

    async def swap(request: web.Request, handler: Any) -> web.StreamResponse:
        if "/resolve/" in request.path:
            liar.files[request.path] = b"served"
        answer: web.StreamResponse = await handler(request)
        return answer

    app = liar.app()
    app.middlewares.append(web.middleware(swap))
    async with TestServer(app) as lying:
        with pytest.raises(ChecksumMismatch, match=r"a\.txt"):
            await fetcher(lying).fetch(Request("hf://acme/bot", tmp_path))


async def test_one_file_of_a_repository(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    origin.files["/acme/bot/resolve/v1%2F2/q4/bot.gguf"] = b"absent: the server decodes paths"
    origin.files["/acme/bot/resolve/v1/q4/bot.gguf"] = b"GGUF"
    fetched = await fetcher(server).fetch(Request("hf://acme/bot/q4/bot.gguf", tmp_path, revision="v1"))
    assert fetched.path == tmp_path / "bot.gguf"
    assert fetched.path.read_bytes() == b"GGUF"


async def test_another_revision_replaces_the_file(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    for revision in ("v1", "v2"):
        origin.files[f"/acme/bot/resolve/{revision}/bot.gguf"] = revision.encode()
        fetched = await fetcher(server).fetch(Request("hf://acme/bot/bot.gguf", tmp_path, revision=revision))
        assert fetched.path.read_text() == revision


async def test_the_token_opens_a_private_model(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    origin.token = "hf_secret"
    with pytest.raises(Forbidden, match=r"name one in spec\.model\.tokenSecret"):
        await fetcher(server).fetch(Request("hf://acme/bot", tmp_path))
    with pytest.raises(Forbidden, match="the token is refused") as refused:
        await fetcher(server, "hf_wrong").fetch(Request("hf://acme/bot", tmp_path))
    assert "hf_wrong" not in str(refused.value)
    await fetcher(server, "hf_secret").fetch(Request("hf://acme/bot", tmp_path))
    assert (tmp_path / "config.json").exists()


async def test_the_token_does_not_follow_a_redirect_to_another_host(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    store = Origin({"/blob": b"GGUF"})
    async with TestServer(store.app()) as elsewhere:

        async def redirect(request: web.Request) -> web.Response:
            assert request.headers["Authorization"] == "Bearer hf_secret"
            return web.Response(status=302, headers={"Location": str(elsewhere.make_url("/blob"))})

        app = web.Application()
        app.router.add_get("/acme/bot/resolve/main/bot.gguf", redirect)
        async with TestServer(app) as hub:
            await fetcher(hub, "hf_secret").fetch(Request("hf://acme/bot/bot.gguf", tmp_path))
            await fetcher(hub, "hf_secret").fetch(Request(str(elsewhere.make_url("/blob")), tmp_path))
    assert [request.headers.get("Authorization") for request in store.requests] == [None, None]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>", Unreachable),
        (b"[]", Unreachable),
        (b'{"siblings": [{"rfilename": "../../etc/passwd"}]}', Unreachable),
        (b'{"siblings": [{"rfilename": ".kefu/lock"}]}', Unreachable),
        (b'{"siblings": []}', NotFound),
    ],
)
async def test_a_listing_that_cannot_be_used(tmp_path: Path, body: bytes, error: type[Exception]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as hub:
        with pytest.raises(error):
            await fetcher(hub).fetch(Request("hf://acme/bot", tmp_path))


async def test_a_digest_does_not_fit_a_snapshot(server: BaseTestServer, tmp_path: Path) -> None:
    with pytest.raises(UriInvalid, match="sha256 belongs to single files"):
        await fetcher(server).fetch(Request("hf://acme/bot", tmp_path, sha256="0" * 64))
