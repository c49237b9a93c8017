"""The command line and the providers behind it."""

from pathlib import Path

import pytest
from hack.cluster.cache import binaries
from hack.cluster.cli import environment, main
from hack.cluster.current import Current
from hack.cluster.errors import UsageError
from hack.cluster.providers import choose


def test_an_unknown_provider_is_answered_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_CLUSTER", "minikube")
    assert main(["status"]) == 1
    assert "KEFU_CLUSTER is 'minikube'; set it to one of native, kind, current" in capsys.readouterr().err


def test_the_caches_programs_come_first_on_the_path_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"/usr/bin:{binaries()}:/bin")
    assert environment({})["PATH"] == f"{binaries()}:/usr/bin:/bin"


def test_loading_an_archive_that_is_not_there_names_it_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_CLUSTER", "native")
    assert main(["load", str(tmp_path / "gone.tar")]) == 1
    said = capsys.readouterr().err
    assert "gone.tar" in said
    assert "python3 -m hack.images build" in said


def test_a_node_that_is_not_up_says_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_NODE", str(tmp_path / "none"))
    monkeypatch.setenv("KEFU_CLUSTER", "native")
    assert main(["status"]) == 1
    assert main(["exec", "true"]) == 1
    assert "python3 -m hack.cluster up" in capsys.readouterr().err


def test_a_cluster_of_someone_else_is_not_fed_with_archives() -> None:
    with pytest.raises(UsageError, match=r"push the images to a registry"):
        choose("current").load([Path("operator.tar")])
    with pytest.raises(UsageError, match="kubectl debug"):
        Current().command(["ls"])
