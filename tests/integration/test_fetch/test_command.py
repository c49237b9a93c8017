"""The command as a pod runs it: exit codes, last words, and how little it imports."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from tests.integration.test_fetch.origin import Origin

COMMAND = [sys.executable, "-m", "kefu_operator.fetch"]


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **env}
    return subprocess.run(
        [*COMMAND, *arguments], check=False, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--uri", "ftp://x/y"], 64, "ModelUriInvalid"),
        (["--uri", "hf://acme/bot", "--nonsense"], 64, "ModelUriInvalid"),
        (["--uri", "file:///absent.gguf"], 66, "ModelNotFound"),
        (["--uri", f"file://{sys.executable}", "--sha256", "0" * 64], 65, "ModelChecksumMismatch"),
    ],
)
def test_a_failure_names_its_reason_last_and_in_the_termination_log(
    tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    log = tmp_path / "termination-log"
    ended = run(*arguments, "--into", str(tmp_path / "into"), KEFU_TERMINATION_LOG=str(log))
    assert ended.returncode == code, ended.stderr
    words = json.loads(ended.stdout.splitlines()[-1])
    assert words == json.loads(log.read_text())
    assert words["reason"] == reason
    assert words.keys() == {"reason", "message"}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = run("--uri", f"file://{sys.executable}", "--into", str(tmp_path / "file"))
    assert ended.returncode == 73, ended.stderr
    assert json.loads(ended.stdout)["reason"] == "ModelFolderUnwritable"


async def test_a_mirror_is_used_through_the_environment_and_the_token_stays_secret(tmp_path: Path) -> None:
    origin = Origin({"/acme/bot/resolve/main/bot.gguf": b"GGUF"}, token="hf_secret")
    (tmp_path / "token").write_text("hf_secret\n")
    async with TestServer(origin.app()) as server:
        env = {
            "HF_ENDPOINT": str(server.make_url("/")),
            "KEFU_ALLOW_HTTP": "1",
            "HF_TOKEN_PATH": str(tmp_path / "token"),
        }
        ended = await asyncio.to_thread(run, "--uri", "hf://acme/bot/bot.gguf", "--into", str(tmp_path / "into"), **env)
    assert ended.returncode == 0, ended.stdout
    assert (tmp_path / "into/bot.gguf").read_bytes() == b"GGUF"
    assert json.loads(ended.stdout.splitlines()[-1])["event"] == "done"
    assert "hf_secret" not in ended.stdout + ended.stderr


def test_help_documents_the_exit_codes() -> None:
    assert "65 checksum mismatch" in run("--help").stdout


def test_the_fetcher_needs_neither_kubernetes_nor_pydantic() -> None:
    code = (
        "import sys, kefu_operator.fetch.cli\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "sys.exit(', '.join(loaded & {'kubernetes', 'pydantic', 'yaml'}) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
