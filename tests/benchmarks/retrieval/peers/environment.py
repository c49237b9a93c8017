"""The peers' own virtual environment, built once into the cache from hash-pinned requirements."""

import shutil
import subprocess
import sys
from pathlib import Path

from hack.cluster.cache import cache_root, digest, locked

from tests.benchmarks.errors import Unavailable
from tests.benchmarks.machine import ROOT

REQUIREMENTS = ROOT / "requirements" / "bench-retrieval.txt"
INSTALL_SECONDS = 900


def python() -> Path:
    """The environment's interpreter; raises Unavailable when the environment cannot be built."""
    key = digest([REQUIREMENTS.read_bytes(), sys.version.encode()])
    folder = cache_root() / "venvs" / f"bench-retrieval-{key}"
    with locked("bench-retrieval"):
        if not (folder / "ready").exists():
            _build(folder)
    return folder / "bin" / "python"


def _build(folder: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise Unavailable("uv is not on the PATH; run this through make")
    print(f"==> installing {REQUIREMENTS.name} into {folder} (once)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
    # Copies, since NLTK refuses to open its files where they are hard links.
    install = [
        "pip",
        "install",
        "--quiet",
        "--link-mode",
        "copy",
        "--require-hashes",
        "--requirement",
        str(REQUIREMENTS),
    ]
    _run([uv, *install, "--python", str(folder / "bin" / "python")])
    (folder / "ready").touch()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"the peers were not installed within {INSTALL_SECONDS} s") from error
    if done.returncode:
        raise Unavailable(f"the peers could not be installed: {done.stderr.strip()[-300:]}")
