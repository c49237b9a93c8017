"""The programs that build images: finding them, running them, quoting what they say when they refuse."""

import os
import shutil
import subprocess
from pathlib import Path

from hack.cluster.cache import cache_root
from hack.images.errors import BuildFailed, MissingInput

_QUOTED_CHARACTERS = 1500


def run(command: list[str], cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Run a command quietly and return what it printed.

    Raises:
        BuildFailed: it ended with an error; the text quotes the end of what it said.
    """
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()[-_QUOTED_CHARACTERS:]
        raise BuildFailed(f"{' '.join(command[:3])} failed:\n{said}")
    return done.stdout


def uv() -> str:
    """Return the uv program: the checkout's own, else the one on PATH.

    Raises:
        MissingInput: there is none.
    """
    kept = cache_root() / "bin" / "uv" / "uv"
    if kept.exists():
        return str(kept)
    # A version manager's shim may stand on PATH before the program and refuse to run.
    for folder in ("/usr/local/bin", *os.environ.get("PATH", "").split(":")):
        found = shutil.which("uv", path=folder)
        if found and "shims" not in found:
            return found
    raise MissingInput("uv is missing; run hack/venv.sh, which installs it into the cache")
