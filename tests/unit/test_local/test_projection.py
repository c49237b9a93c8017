import stat
import threading
from pathlib import Path

import pytest

from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.projection import DATA, project


def test_files_are_links_through_one_link(tmp_path: Path) -> None:
    assert project(tmp_path, {"a": b"1", "b": b"2"})
    assert (tmp_path / "a").readlink() == Path("..data/a")
    assert {name: (tmp_path / name).read_bytes() for name in "ab"} == {"a": b"1", "b": b"2"}


def test_an_equal_content_changes_nothing(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"1"})
    target = (tmp_path / DATA).readlink()
    assert not project(tmp_path, {"a": b"1"})
    assert (tmp_path / DATA).readlink() == target


def test_a_change_swaps_the_one_link_and_leaves_no_rubbish(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"1", "gone": b"x"})
    assert project(tmp_path, {"a": b"2", "new": b"y"})
    assert sorted(entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("..")) == ["a", "new"]
    assert (tmp_path / "a").read_bytes() == b"2"
    assert len(list(tmp_path.glob("..*"))) == 2  # the link and the one folder that it points at


def test_a_reader_of_the_link_never_sees_half_a_change(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"0", "b": b"0"})
    done = threading.Event()
    mixed: list[tuple[bytes, bytes]] = []

    def read() -> None:
        while not done.is_set():
            folder = tmp_path / (tmp_path / DATA).readlink()
            try:
                pair = ((folder / "a").read_bytes(), (folder / "b").read_bytes())
            except FileNotFoundError:
                continue  # The folder was swapped away: a reader resolves the link again.
            if pair[0] != pair[1]:
                mixed.append(pair)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        value = str(number).encode()
        project(tmp_path, {"a": value, "b": value})
    done.set()
    reader.join()
    assert mixed == []


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    project(folder, {"key": b"s"}, mode=0o600)
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / DATA).stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../x", "..", "..data", "a/b", "", "a b"])
def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputInvalid, match="no valid key"):
        project(tmp_path, {name: b""})
    assert list(tmp_path.iterdir()) == []
