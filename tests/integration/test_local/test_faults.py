"""What a machine can lack, told by the real command in one sentence, without a stack trace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hack.ports import free_port

from tests.unit.test_local.objects import chatbot, config_map, index, write

ENCODER: dict[str, Any] = {"embedding": {"endpoint": {"url": "http://127.0.0.1:9", "model": "e", "dimension": 8}}}
MODEL = {
    "uri": "hf://Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "sha256": "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
}


def serve(folder: Path, state: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kefu_operator.cli", "run", str(folder), "--state", str(state)]
    return subprocess.run(
        [*command, "--port", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | env,
    )


def llama(model: dict[str, Any]) -> dict[str, Any]:
    return chatbot(model=model, engine={"llamaCpp": {}})


def test_no_network_and_no_model_says_which_file_and_where_to_put_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", index(**ENCODER), llama(MODEL), config_map())
    cache = tmp_path / "empty"
    done = serve(folder, tmp_path / "s", KEFU_CACHE=str(cache), HF_ENDPOINT=f"https://127.0.0.1:{free_port()}")
    assert done.returncode == 69, done.stdout + done.stderr
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("kefu: engine-")
    assert MODEL["uri"].rpartition("/")[2] in sentence
    assert str(cache / "models" / "sha256" / MODEL["sha256"]) in sentence
    assert "Traceback" not in done.stdout + done.stderr


def test_a_model_with_another_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"not the model")
    model = {"uri": f"file://{tmp_path}/m.gguf", "sha256": "0" * 64}
    folder = write(tmp_path / "files", index(**ENCODER), llama(model), config_map())
    done = serve(folder, tmp_path / "s", KEFU_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1, done.stdout + done.stderr
    (sentence,) = done.stderr.splitlines()
    assert "0000" in sentence
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_encoder_says_how_to_fetch_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", index(), chatbot(), config_map())
    done = serve(folder, tmp_path / "s", KEFU_CACHE=str(tmp_path / "empty"), KEFU_ENCODER_PATH="")
    assert done.returncode == 69
    assert "hack.models fetch encoder" in done.stderr


def test_an_index_without_one_readable_entry_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", index(**ENCODER), chatbot(), config_map(text="no list at all"))
    done = serve(folder, tmp_path / "s")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "KnowledgeIndex/shop: version" in done.stderr
    assert "Nothing is published yet" in done.stderr


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mount"), reason="a full disk needs root to mount a small one"
)
def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", index(**ENCODER), chatbot(), config_map())
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not allow a small tmpfs")
    try:
        done = serve(folder, disk / "s")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 73, done.stdout + done.stderr
    assert done.stderr.startswith("kefu: only ")
    assert "free some space" in done.stderr
