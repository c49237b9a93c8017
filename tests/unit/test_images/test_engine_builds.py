"""Compiling llama.cpp: what happens before and after the compiler's minutes."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hack.cluster.errors import BuildError, PreflightError
from hack.engines import build as builder
from hack.engines.variant import CMAKE_ARGS, CPU_FLAGS, NAME


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run; the machine has all programs, and the cache is empty."""
    ran: list[list[str]] = []
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(builder, "install", lambda _: None)
    monkeypatch.setattr(builder, "uv", lambda: "uv")
    monkeypatch.setattr(subprocess, "run", fake(ran))
    return ran


def fake(ran: list[list[str]], status: int = 0) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        if "--version" in command:
            return subprocess.CompletedProcess(command, 0, b"g++ (Debian 12.2.0) 12.2.0\nCopyright\n")
        ran.append(command)
        if "--target" in command and not status:
            (Path(command[command.index("--target") + 1]) / "xllamacpp").mkdir(parents=True)
        return subprocess.CompletedProcess(command, status)

    return run


def test_it_is_compiled_once_from_the_wheels_lock(commands: list[list[str]]) -> None:
    assert builder.kept() is None
    folder = builder.build()
    again = builder.build()
    assert again == folder == builder.current().resolve() == builder.kept()
    assert (folder / NAME / "cpu-flags").read_text().split() == list(CPU_FLAGS)
    (compiled,) = [command for command in commands if "--target" in command]
    assert {"--require-hashes", "--no-cache", "--no-build-isolation"} < set(compiled)
    assert compiled[-1].endswith("requirements/llamacpp.txt")


def test_what_a_killed_build_left_is_cleared_away(commands: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "engines" / ".partial-x").mkdir(parents=True)
    builder.build()
    assert not list((tmp_path / "engines").glob(".partial-*"))


def test_a_failure_is_shown_and_leaves_nothing(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", fake(commands, status=1))
    with pytest.raises(BuildError, match="failed; its last lines"):
        builder.build()
    assert not builder.current().exists()


def test_other_processors_get_the_wheel(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(PreflightError, match="for x86-64, and this is aarch64"):
        builder.build()


def test_flags_that_the_compiler_gets_are_asked_of_the_cpu() -> None:
    asked = {flag.replace("_", "") for flag in CPU_FLAGS}
    given = {word[7:-3].replace("_", "").lower() for word in CMAKE_ARGS if word.startswith("-DGGML") and "=ON" in word}
    # AVX512 alone stands for what x86-64-v4 has; VNNI's flag has an underscore.
    assert given - asked == {"avx512"}
