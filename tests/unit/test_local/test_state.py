import stat
from pathlib import Path

import pytest

from kefu_operator.local.errors import DiskFull, StateInUse
from kefu_operator.local.state import StateFolder, is_held
from kefu_operator.plan.workload import GeneratedSecret

KEY = GeneratedSecret("shop-api-key")


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s"):
        assert is_held(tmp_path / "s")
        with (
            pytest.raises(StateInUse, match=r"in use by another `kefu run` \(process \d+\).*--state"),
            StateFolder(tmp_path / "s"),
        ):
            pass
        assert is_held(tmp_path / "s")
    assert not is_held(tmp_path / "s")
    with StateFolder(tmp_path / "s"):
        pass


def test_nothing_starts_on_a_full_disk(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match=r"only 5 MiB are left.*free some space.*--state") as caught,
        StateFolder(tmp_path / "s", free=lambda _: 5 * 1024**2),
    ):
        pass
    assert caught.value.exit_code == 73
    assert not is_held(tmp_path / "s")


def test_a_generated_secret_is_private_and_the_same_in_every_run(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s") as state:
        first = state.secret(KEY)
        assert len(first["key"]) >= 32
        assert state.secret(KEY) == first
        assert state.secret(GeneratedSecret("shop-user-salt")) != first
        file = tmp_path / "s/secrets/shop-api-key/key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with StateFolder(tmp_path / "s") as state:
        assert state.secret(KEY) == first


def test_what_is_kept_is_found_again_and_damage_is_nothing(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s") as state:
        state.keep("published.json", {"shop": {"version": "v1"}})
        assert state.read("published.json") == {"shop": {"version": "v1"}}
        (tmp_path / "s/published.json").write_text("[")
        assert state.read("published.json") == {}
        assert state.read("absent.json") == {}


def test_the_state_keeps_itself_out_of_version_control(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s"):
        assert (tmp_path / "s/.gitignore").read_text() == "*\n"
