"""One file, from a source that behaves and from sources that do not."""

import asyncio
import errno
import hashlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from kefu_operator.fetch.errors import ChecksumMismatch, DiskFull, Forbidden, NotFound, Unreachable, UriInvalid
from kefu_operator.fetch.fetcher import Fetcher, Request
from tests.integration.test_fetch.origin import Origin

BODY = hashlib.shake_256(b"a model").digest(3_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
PATH = "/models/tiny.gguf"


@pytest.fixture
def origin() -> Origin:
    return Origin({PATH: BODY})


@pytest.fixture
async def server(origin: Origin) -> AsyncIterator[BaseTestServer]:
    async with TestServer(origin.app()) as server:
        yield server


class Bench:
    """A fetcher that notes its events and its waits in place of waiting."""

    def __init__(self, **options: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.waits: list[float] = []
        self.fetcher = Fetcher(allow_http=True, emit=self.events.append, sleep=self._sleep, **options)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def files_below(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def request(server: BaseTestServer, into: Path, **options: Any) -> Request:
    return Request(str(server.make_url(PATH)), into, **{"sha256": SHA256, **options})


async def test_a_file_comes_whole_and_a_second_fetch_asks_nobody(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    bench = Bench()
    fetched = await bench.fetcher.fetch(request(server, tmp_path))
    assert fetched.path == tmp_path / "tiny.gguf"
    assert fetched.path.read_bytes() == BODY
    assert fetched.sha256 == SHA256
    assert bench.events[-1] == {
        "event": "progress", "done": len(BODY), "total": len(BODY), "percent": 100, "seconds_left": 0,
    }  # fmt: skip
    await bench.fetcher.fetch(request(server, tmp_path))
    assert len(origin.requests) == 1


async def test_a_file_that_changed_on_disk_is_fetched_again(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    fetched = await Bench().fetcher.fetch(request(server, tmp_path))
    fetched.path.write_bytes(b"x" * len(BODY))
    await Bench().fetcher.fetch(request(server, tmp_path))
    assert fetched.path.read_bytes() == BODY
    assert len(origin.requests) == 2


async def test_a_file_placed_by_hand_is_verified_and_kept(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    (tmp_path / "tiny.gguf").write_bytes(BODY)
    await Bench().fetcher.fetch(request(server, tmp_path))
    assert origin.requests == []


async def test_a_cut_connection_is_resumed_where_it_broke(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    origin.cuts = [1_000_000, 1_000_000]
    bench = Bench()
    fetched = await bench.fetcher.fetch(request(server, tmp_path))
    assert fetched.path.read_bytes() == BODY
    starts = [int((origin.range_of(index) or "bytes=0-")[6:-1]) for index in range(3)]
    assert starts[0] == 0 < starts[1] < starts[2]
    assert [event["event"] for event in bench.events].count("retry") == 2


async def test_a_new_process_resumes_what_the_last_one_left(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    origin.cuts, origin.failures = [2_000_000], []
    sleepless = Fetcher(allow_http=True, emit=lambda event: None, sleep=_stop)
    with pytest.raises(_Stopped):
        await sleepless.fetch(request(server, tmp_path))
    assert not (tmp_path / "tiny.gguf").exists()
    await Bench().fetcher.fetch(request(server, tmp_path))
    assert (origin.range_of(1) or "").startswith("bytes=")
    assert origin.requests[1].headers["If-Range"] == f'"{SHA256[:16]}"'
    assert (tmp_path / "tiny.gguf").read_bytes() == BODY


async def test_a_whole_part_that_was_never_put_in_place_is_not_fetched_again(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    part = tmp_path / ".kefu/parts/tiny.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY)
    await Bench().fetcher.fetch(request(server, tmp_path))
    assert [origin.range_of(0), len(origin.requests)] == [f"bytes={len(BODY)}-", 1]
    assert (tmp_path / "tiny.gguf").read_bytes() == BODY


async def test_a_rotten_part_is_given_up_for_a_new_download(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    part = tmp_path / ".kefu/parts/tiny.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"rotten" * 1000)
    fetched = await Bench().fetcher.fetch(request(server, tmp_path))
    assert fetched.path.read_bytes() == BODY
    assert [origin.range_of(0), origin.range_of(1)] == ["bytes=6000-", None]


async def test_a_file_that_changed_at_the_source_starts_over(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    origin.cuts = [1_000_000]
    with pytest.raises(_Stopped):
        await Fetcher(allow_http=True, emit=lambda event: None, sleep=_stop).fetch(
            request(server, tmp_path, sha256=None)
        )
    origin.files[PATH] = BODY[::-1]
    fetched = await Bench().fetcher.fetch(request(server, tmp_path, sha256=None))
    assert fetched.path.read_bytes() == BODY[::-1]


@pytest.mark.parametrize("etags", [True, False])
async def test_a_source_without_ranges_starts_over(
    server: BaseTestServer, origin: Origin, tmp_path: Path, etags: bool
) -> None:
    origin.ranges, origin.etags, origin.cuts = False, etags, [1_000_000]
    fetched = await Bench().fetcher.fetch(request(server, tmp_path))
    assert fetched.path.read_bytes() == BODY


async def test_a_wrong_checksum_is_permanent_and_leaves_nothing(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    bench = Bench()
    with pytest.raises(ChecksumMismatch, match=f"expected SHA-256 {'0' * 64}, got {SHA256}; correct spec.model.sha256"):
        await bench.fetcher.fetch(request(server, tmp_path, sha256="0" * 64))
    assert bench.waits == []
    assert len(origin.requests) == 1
    assert files_below(tmp_path) == ["lock"]


async def test_the_digest_that_the_hub_announces_is_checked(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    origin.announce = True
    fetched = await Bench().fetcher.fetch(request(server, tmp_path, sha256=None))
    assert fetched.sha256 == SHA256


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(404, NotFound, "check the model's URI"), (401, Forbidden, "access token"), (403, Forbidden, "access token")],
)
async def test_a_permanent_answer_is_not_asked_for_twice(
    server: BaseTestServer, origin: Origin, tmp_path: Path, status: int, error: type[Exception], words: str
) -> None:
    origin.failures = [status]
    bench = Bench()
    with pytest.raises(error, match=words):
        await bench.fetcher.fetch(request(server, tmp_path))
    assert bench.waits == []


async def test_503_is_tried_again_after_the_wait_that_it_asks_for(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    origin.failures = [503, 429]
    bench = Bench()
    fetched = await bench.fetcher.fetch(request(server, tmp_path))
    assert fetched.path.read_bytes() == BODY
    assert bench.waits == [7, 7]


async def test_a_source_that_never_recovers_is_given_up(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    origin.failures = [503] * 50
    with pytest.raises(Unreachable, match="answers 503; try again later"):
        await Bench().fetcher.fetch(request(server, tmp_path))
    assert len(origin.requests) == 6


async def test_nobody_listening_is_temporary(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1/x\.gguf does not answer: .*; check the network"):
        await Bench().fetcher.fetch(Request("http://127.0.0.1:1/x.gguf", tmp_path))


async def test_a_full_disk_is_found_before_a_byte_is_written(server: BaseTestServer, tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"has 976\.6 KiB free and 2\.9 MiB are still to come: 1\.9 MiB are missing"):
        await Bench(free=lambda folder: 1_000_000).fetcher.fetch(request(server, tmp_path))
    assert "tiny.gguf.part" not in files_below(tmp_path)


async def test_a_disk_that_fills_up_meanwhile_is_a_full_disk(server: BaseTestServer, tmp_path: Path) -> None:
    def full(folder: Path) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    with pytest.raises(DiskFull, match="enlarge the volume"):
        await Bench(free=full).fetcher.fetch(request(server, tmp_path))


async def test_two_fetchers_into_one_folder_fetch_once(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    benches = [Bench() for _ in range(4)]
    await asyncio.gather(*(bench.fetcher.fetch(request(server, tmp_path)) for bench in benches))
    assert (tmp_path / "tiny.gguf").read_bytes() == BODY
    assert len(origin.requests) == 1
    assert sum(event["event"] == "waiting" for bench in benches for event in bench.events) == 3


async def test_the_store_keeps_a_file_for_other_folders(server: BaseTestServer, origin: Origin, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for folder in ("a", "b"):
        fetched = await Bench().fetcher.fetch(request(server, tmp_path / folder, store=store))
        assert fetched.path.samefile(store / "sha256" / SHA256 / "tiny.gguf")
    await Bench().fetcher.fetch(request(server, tmp_path / "b", store=store))
    assert len(origin.requests) == 1


async def test_a_stored_file_of_the_wrong_bytes_is_replaced(
    server: BaseTestServer, origin: Origin, tmp_path: Path
) -> None:
    kept = tmp_path / "store/sha256" / SHA256 / "tiny.gguf"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"not it")
    fetched = await Bench().fetcher.fetch(request(server, tmp_path / "a", store=tmp_path / "store"))
    assert fetched.path.read_bytes() == kept.read_bytes() == BODY


async def test_plain_http_needs_permission(server: BaseTestServer, tmp_path: Path) -> None:
    with pytest.raises(UriInvalid, match="plain HTTP"):
        await Fetcher().fetch(request(server, tmp_path))


async def test_a_local_file_is_verified_and_linked(tmp_path: Path) -> None:
    source = tmp_path / "source.gguf"
    source.write_bytes(BODY)
    fetched = await Fetcher().fetch(Request(f"file://{source}", tmp_path / "into", sha256=SHA256))
    assert fetched.path == tmp_path / "into/source.gguf"
    assert fetched.path.read_bytes() == BODY
    with pytest.raises(ChecksumMismatch):
        await Fetcher().fetch(Request(f"file://{source}", tmp_path / "into", sha256="0" * 64))
    with pytest.raises(NotFound):
        await Fetcher().fetch(Request(f"file://{tmp_path}/absent", tmp_path / "into"))


async def test_progress_lines_hold_only_json(server: BaseTestServer, tmp_path: Path) -> None:
    bench = Bench()
    await bench.fetcher.fetch(request(server, tmp_path))
    assert json.loads(json.dumps(bench.events)) == bench.events


class _Stopped(Exception):
    """Stands for the end of the process."""


async def _stop(seconds: float) -> None:
    raise _Stopped
