"""Model folders in the hub's format, made on this machine: for vLLM, which serves no GGUF on CPUs."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from hack.models.errors import SourceFailed
from hack.models.table import Model

TINY = "tiny-qwen2"
REQUIREMENTS = ("gguf==0.19.0", "numpy==2.4.6")
CHECKOUT = Path(__file__).parents[2]


def convert(model: Model, root: Path) -> Path:
    """Give the bfloat16 folder of a GGUF model, `snapshots/<name>-bf16`; made once.

    Raises:
        NotFetched: the model is not in the store.
        SourceFailed: the conversion failed.
    """
    return _made(root, f"{model.name}-bf16", ["hack.models.convert_gguf", str(model.require(root))])


def tiny(root: Path) -> Path:
    """Give the folder of a random model of seconds, `snapshots/tiny-qwen2`; made once.

    Raises:
        SourceFailed: it could not be made.
    """
    return _made(root, TINY, ["hack.models.random_model"])


def _made(root: Path, name: str, module: list[str]) -> Path:
    folder, growing = root / "snapshots" / name, root / "growing" / f"{name}.{os.getpid()}"
    if folder.is_dir():
        return folder
    python = _environment(root.parent / "venvs")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(parents=True)
    folder.parent.mkdir(exist_ok=True)
    try:
        _run([str(python), "-m", *module, str(growing)], f"{name} could not be made")
        growing.rename(folder)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return folder


def _environment(venvs: Path) -> Path:
    """Give the Python of a virtual environment with `REQUIREMENTS`; made once."""
    key = hashlib.sha256("\n".join(REQUIREMENTS).encode()).hexdigest()[:12]
    folder = venvs / f"convert-{key}"
    ready = folder / "ready"
    if not ready.exists():
        uv = _uv()
        _run([uv, "venv", "--quiet", "--clear", str(folder)], "the conversion's environment could not be made")
        _run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(folder / "bin/python"),
             *REQUIREMENTS, "pyyaml", "requests", "tqdm", "certifi", "charset-normalizer", "idna", "urllib3"],
            "the conversion's packages could not be installed; check the network",
        )  # fmt: skip
        ready.touch()
    return folder / "bin/python"


def _uv() -> str:
    found = shutil.which("uv") or str(CHECKOUT / ".venv/bin/uv")
    if not Path(found).exists():
        raise SourceFailed("uv is not installed; run: make setup")
    return found


def _run(command: list[str], failure: str) -> None:
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=CHECKOUT)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        raise SourceFailed(f"{failure}: {last}")
