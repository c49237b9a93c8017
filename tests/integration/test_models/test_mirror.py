"""The local hub, used by the real fetcher."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import BaseTestServer, TestServer
from hack.models.mirror import Mirror
from hack.models.table import Model, Packages

from kefu_operator.fetch.errors import NotFound
from kefu_operator.fetch.fetcher import Fetcher, Request

BODY = b"GGUF" * 100_000
MODEL = Model(
    "bot", "", "bot.gguf", len(BODY), sha256(BODY).hexdigest(), "MIT", Packages("x", 1, "x"), "hf://acme/bot/bot.gguf"
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[BaseTestServer]:
    path = MODEL.path(tmp_path / "models")
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    folder = tmp_path / "models/snapshots/tiny"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "sub/model.safetensors").write_bytes(b"weights")
    async with TestServer(Mirror(tmp_path / "models", {"bot": MODEL}).app()) as server:
        yield server


def fetcher(server: BaseTestServer) -> Fetcher:
    return Fetcher(str(server.make_url("/")), allow_http=True, emit=lambda event: None)


@pytest.mark.parametrize("uri", ["hf://acme/bot/bot.gguf", "hf://kefu-dev/bot/bot.gguf"])
async def test_a_file_by_its_address_at_the_hub_and_by_our_own(
    server: BaseTestServer, tmp_path: Path, uri: str
) -> None:
    fetched = await fetcher(server).fetch(Request(uri, tmp_path / "into"))
    assert fetched.sha256 == MODEL.sha256
    assert fetched.path.read_bytes() == BODY


async def test_a_folder_is_a_snapshot(server: BaseTestServer, tmp_path: Path) -> None:
    await fetcher(server).fetch(Request("hf://kefu-dev/tiny", tmp_path / "into"))
    assert (tmp_path / "into/sub/model.safetensors").read_bytes() == b"weights"


async def test_what_is_not_there_is_not_found(server: BaseTestServer, tmp_path: Path) -> None:
    for uri in ("hf://acme/none/bot.gguf", "hf://acme/bot/none.gguf", "hf://kefu-dev/none"):
        with pytest.raises(NotFound):
            await fetcher(server).fetch(Request(uri, tmp_path / "into"))


async def test_ranges_hold_only_for_the_state_that_they_name(server: BaseTestServer) -> None:
    url = server.make_url("/acme/bot/resolve/main/bot.gguf")
    async with ClientSession() as session:
        async with session.head(url) as head:
            assert (head.status, head.content_length) == (200, len(BODY))
            etag = head.headers["ETag"]
        async with session.get(url, headers={"Range": "bytes=399996-", "If-Range": etag}) as rest:
            assert (rest.status, await rest.read()) == (206, b"GGUF")
        async with session.get(url, headers={"Range": "bytes=399996-", "If-Range": '"older"'}) as whole:
            assert (whole.status, await whole.read()) == (200, BODY)


async def test_no_path_leads_out_of_the_store(server: BaseTestServer, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    async with ClientSession() as session:
        for path in ("..%2F..%2F..%2Fsecret", "%2Fetc%2Fpasswd"):
            async with session.get(f"{server.make_url('/kefu-dev/tiny/resolve/main/')}{path}") as answer:
                assert answer.status == 404
