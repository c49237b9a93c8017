"""A chatbot's constant prompt, kept over restarts of a real llama.cpp, and never with a customer's words in it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from kefu_api.documents.release import EngineTarget
from kefu_serving.clients.prefix import PrefixClient
from kefu_serving.errors import EngineUnavailable
from tests.integration.test_engines.launcher import launched

pytestmark = pytest.mark.model

CONSTANT = (
    {"role": "system", "content": "You are Xiaoku. Answer from the numbered evidence only. 中文问题用中文回答。"},
    {"role": "user", "content": "Evidence:\n[1] Returns within 7 days.\n\nQuestion: how long?"},
    {"role": "assistant", "content": "[1] 7 days."},
)
OTHER = ({"role": "system", "content": "You are somebody else. Be brief."}, *CONSTANT[1:])


@contextmanager
def serving(folder: Path | None) -> Iterator[str]:
    """URL of an engine that keeps prefixes in `folder`."""
    prefixes = ("--prefixes", str(folder)) if folder else ()
    with launched("--alias", "chat", "--context", "2048", "--parallel", "2", *prefixes) as engine:
        yield engine.url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def kept(folder: Path) -> dict[str, int]:
    """The files below a folder, with their sizes."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def client(session: aiohttp.ClientSession, url: str, owner: str = "acme/shop") -> PrefixClient:
    return PrefixClient(session, EngineTarget(url=url, model="chat", prefixes="Kept"), owner)


async def test_a_prefix_outlives_the_engine_and_follows_its_prompt(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with serving(tmp_path) as url:
        first = await client(session, url).read(CONSTANT)
        assert first.cached == 0
        assert len(kept(tmp_path)) == 1
    with serving(tmp_path) as url:
        again = await client(session, url).read(CONSTANT)
        assert again == (first.prompt, first.prompt - 1)  # the last token is always computed
        changed = await client(session, url).read(OTHER)
        assert changed.cached < changed.prompt - 1
    with serving(tmp_path) as url:
        assert (await client(session, url).read(OTHER)).cached == changed.prompt - 1
    assert len(kept(tmp_path)) == 1


async def test_what_a_customer_said_is_not_kept(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        await client(session, url).read(CONSTANT)
        before = kept(tmp_path)
        turn = [*CONSTANT, {"role": "user", "content": "my name is Zhang San " * 20}]
        asked = {"model": "chat", "messages": turn, "max_tokens": 4, "id_slot": 0}
        async with session.post(f"{url}/v1/chat/completions", json=asked) as answer:
            assert answer.status == 200
        await client(session, url).read(CONSTANT)
        assert kept(tmp_path) == before


async def test_an_engine_that_keeps_nothing_reads_all_the_same(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    with serving(None) as url:
        assert (await client(session, url).read(CONSTANT)).prompt > 50
        again = await client(session, url).read(CONSTANT)
        assert again.cached == again.prompt - 1
        async with session.post(f"{url}/slots/0?action=save", json={"filename": "a"}) as answer:
            assert answer.status == 501
    assert not kept(tmp_path)


async def test_no_file_is_written_beside_the_folder(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    folder = tmp_path / "prefixes"
    await asyncio.to_thread(folder.mkdir)
    with serving(folder) as url:
        async with session.post(f"{url}/slots/0?action=save", json={"filename": "../outside.slot"}) as answer:
            assert answer.status == 400
    assert not kept(tmp_path)


async def test_an_engine_that_is_away_is_said_to_be(session: aiohttp.ClientSession) -> None:
    with pytest.raises(EngineUnavailable, match=re.compile("cannot be reached")):
        await client(session, "http://127.0.0.1:9").read(CONSTANT)
