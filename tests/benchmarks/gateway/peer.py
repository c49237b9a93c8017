"""vLLM's own router (Rust, Apache-2.0) in a virtual environment of its own, built once into the cache."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from hack.cluster.cache import cache_root, digest, locked

from tests.benchmarks.errors import Unavailable

REQUIREMENT = "vllm-router==0.1.17"
INSTALL_SECONDS = 600


def vllm_router() -> Path:
    """The program; raises Unavailable when it cannot be installed."""
    key = digest([REQUIREMENT.encode(), sys.version.encode()])
    folder = cache_root() / "tools" / f"vllm-router-{key}"
    program = folder / "bin" / "vllm-router"
    with locked("vllm-router"):
        if not program.exists():
            _install(folder)
    return program


def _install(folder: Path) -> None:
    print(f"==> installing {REQUIREMENT} into {folder} (once)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        shutil.rmtree(folder)
        raise Unavailable(f"{REQUIREMENT} was not installed within {INSTALL_SECONDS} s") from error
    if done.returncode:
        shutil.rmtree(folder)
        raise Unavailable(f"{REQUIREMENT} could not be installed: {done.stderr.strip()[-300:]}")
