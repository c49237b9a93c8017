"""Snapshots appear whole, are named by content, and outlive what goes wrong around them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from kefu_api import digest
from kefu_api.documents.fetch import FetchSource, HttpPlace, Limits
from kefu_retrieval.errors import PlaceMissing, PlaceUnreachable, SourceUnreadable
from kefu_retrieval.places.gathering import About, Gathering
from kefu_retrieval.places.place import Fetched, fetch
from kefu_retrieval.places.shelf import Shelf


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 3):
        yield content[start : start + 3]


class Held:
    """A place that holds what it is told to, and counts what is transferred."""

    def __init__(self, files: Mapping[str, bytes], fail_after: int = 10**6) -> None:
        self.files = files
        self.transferred: list[str] = []
        self.fail_after = fail_after

    async def fetch(self, gathering: Gathering) -> None:
        for name, content in self.files.items():
            mark = digest.of_text(content.decode())
            held = gathering.known(name)
            if held and held.mark == mark and gathering.keep(name):
                continue
            if len(self.transferred) == self.fail_after:
                raise PlaceUnreachable("gone")
            self.transferred.append(name)
            await gathering.receive(name, pieces(content), About(mark=mark))


def source(limits: Limits | None = None, url: str = "https://example.com/a") -> FetchSource:
    return FetchSource(name="s", place=HttpPlace(urls=(url,)), limits=limits or Limits())


async def bring(shelf: Shelf, place: Held, limits: Limits | None = None, url: str = "https://example.com/a") -> Fetched:
    return await fetch(source(limits, url), place, shelf)


def seen(shelf: Shelf) -> dict[str, str]:
    current = shelf.current()
    assert current is not None
    root = shelf.path_of(current)
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


async def test_a_snapshot_is_named_as_the_ingestion_will_name_the_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    fetched = await bring(shelf, Held({"退货.md": b"seven days", "guide/fit.md": b"fits"}))
    assert seen(shelf) == {"退货.md": "seven days", "guide/fit.md": "fits"}
    assert fetched.snapshot.digest == digest.of_files({"退货.md": "seven days", "guide/fit.md": "fits"})
    assert shelf.path_of(fetched.snapshot).name == fetched.snapshot.digest


async def test_only_what_changed_travels_and_what_vanished_is_gone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    await bring(shelf, Held({"a": b"1", "b": b"2", "c": b"3"}))
    second = Held({"a": b"1", "b": b"two"})
    fetched = await bring(shelf, second)
    assert second.transferred == ["b"] and fetched.received == 1
    assert seen(shelf) == {"a": "1", "b": "two"}


async def test_a_fetch_that_fails_is_not_seen_and_the_next_goes_on_from_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    before = (await bring(shelf, Held({"a": b"1"}))).snapshot
    files = {"a": b"1", "b": b"2", "c": b"3", "d": b"4"}
    with pytest.raises(PlaceUnreachable):
        await bring(shelf, Held(files, fail_after=2))
    assert shelf.current() == before and seen(shelf) == {"a": "1"}
    last = Held(files)
    await bring(shelf, last)
    assert last.transferred == ["d"], "b and c were received by the fetch that failed"
    assert set(seen(shelf)) == set(files)


async def test_the_very_first_fetch_goes_on_from_where_it_was_killed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    with pytest.raises(PlaceUnreachable):
        await bring(shelf, Held({"a": b"1", "b": b"2"}, fail_after=1))
    assert shelf.current() is None
    with next(shelf.folder.glob("journal-*")).open("a") as journal:
        journal.write('b\t{"sha256": "cut o')  # as a kill in the middle of a line leaves it
    last = Held({"a": b"1", "b": b"2"})
    await bring(shelf, last)
    assert last.transferred == ["b"]


async def test_a_file_that_a_crash_left_broken_is_received_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    with pytest.raises(PlaceUnreachable):
        await bring(shelf, Held({"a": b"1", "b": b"2"}, fail_after=1))
    (stored,) = shelf.objects.iterdir()
    stored.chmod(0o644)
    stored.write_bytes(b"\0")
    last = Held({"a": b"1", "b": b"2"})
    await bring(shelf, last)
    assert last.transferred == ["a", "b"] and seen(shelf) == {"a": "1", "b": "2"}


async def test_marks_of_other_settings_mean_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    await bring(shelf, Held({"a": b"1"}))
    other = Held({"a": b"1"})
    await bring(shelf, other, url="https://example.org/a")
    assert other.transferred == ["a"]


async def test_content_that_is_gone_from_the_volume_is_received_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    fetched = await bring(shelf, Held({"a": b"1", "b": b"2"}))
    (shelf.objects / fetched.snapshot.files["a"].sha256).unlink()
    again = Held({"a": b"1", "b": b"2"})
    await bring(shelf, again)
    assert again.transferred == ["a"]


async def test_a_broken_record_costs_a_fetch_and_no_more(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    await bring(shelf, Held({"a": b"1"}))
    (shelf.folder / "current.json").write_text("{")
    again = Held({"a": b"1"})
    await bring(shelf, again)
    assert again.transferred == ["a"] and seen(shelf) == {"a": "1"}


@pytest.mark.parametrize(
    ("files", "limits", "kept", "reason"),
    [
        ({"a": b"1", "b": b"2"}, Limits(files=1), {"a"}, "beyond 1 files"),
        ({"a": b"12345", "b": b"2"}, Limits(file_bytes=4), {"b"}, "larger than"),
        ({"a": b"123", "b": b"456", "c": b"7"}, Limits(total_bytes=4), {"a", "c"}, "all files together"),
        ({"a": b"1", "../b": b"2"}, Limits(), {"a"}, "hidden"),
        ({"a": b"1", "a/b": b"2"}, Limits(), {"a"}, "a part of its path is a file"),
        ({"a/b": b"1", "a": b"2"}, Limits(), {"a/b"}, "also a folder's"),
        ({"a": b"1", "b\x00": b"2"}, Limits(), {"a"}, "control character"),
        ({"a": b"1", "x" * 300: b"2"}, Limits(), {"a"}, "longer than"),
    ],
)
async def test_what_lies_beyond_a_limit_is_left_out_with_the_reason(
    tmp_path: Path, files: dict[str, bytes], limits: Limits, kept: set[str], reason: str
) -> None:
    shelf = Shelf(tmp_path / "s")
    fetched = await bring(shelf, Held(files), limits)
    assert set(seen(shelf)) == kept
    (left,) = fetched.snapshot.left_out
    assert reason in left.reason and fetched.snapshot.left_out_total == 1
    assert not list(shelf.objects.glob(".partial*"))


async def test_a_place_that_is_suddenly_empty_takes_nothing_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    await bring(shelf, Held({"a": b"1"}))
    with pytest.raises(PlaceMissing, match="holds no document"):
        await bring(shelf, Held({}))
    assert seen(shelf) == {"a": "1"}


async def test_a_place_that_never_ends_is_ended(tmp_path: Path) -> None:
    class Endless(Held):
        async def fetch(self, gathering: Gathering) -> None:
            await asyncio.Event().wait()

    with pytest.raises(PlaceUnreachable, match="took longer than"):
        await bring(Shelf(tmp_path / "s"), Endless({}), Limits(seconds=0.05))


async def test_two_fetches_of_one_source_do_not_mix(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    with shelf.writing(), pytest.raises(SourceUnreadable, match="another fetch"):
        await bring(Shelf(tmp_path / "s"), Held({"a": b"1"}))


async def test_old_snapshots_stay_for_running_jobs_and_then_go_with_their_content(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s", keep=2)
    digests = [(await bring(shelf, Held({"a": str(n).encode()}))).snapshot.digest for n in range(4)]
    assert {path.name for path in shelf.snapshots.iterdir()} == set(digests[2:])
    assert len(list(shelf.objects.iterdir())) == 2


async def test_going_back_to_an_earlier_state_uses_its_snapshot(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s")
    first = (await bring(shelf, Held({"a": b"1"}))).snapshot
    await bring(shelf, Held({"a": b"2"}))
    assert (await bring(shelf, Held({"a": b"1"}))).snapshot.digest == first.digest
    assert seen(shelf) == {"a": "1"}
