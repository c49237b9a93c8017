"""Installing Debian packages, for whoever needs some: the node, the image builder, the tests."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hack.cluster.cache import locked
from hack.cluster.errors import PreflightError
from hack.cluster.progress import say


def missing_packages(wanted: Mapping[str, str]) -> list[str]:
    """Return the packages whose file (a path, or a program's name) is not there."""
    return [package for package, file in wanted.items() if not _present(file)]


def _present(file: str) -> bool:
    return Path(file).exists() if file.startswith("/") else shutil.which(file, path=_search_path()) is not None


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def install(wanted: Mapping[str, str]) -> None:
    """Install what is missing with apt-get.

    Raises:
        PreflightError: not root, no apt-get, or apt-get failed; the text names the packages.
    """
    if not missing_packages(wanted):
        return
    # Two apt-gets at a time would refuse one another.
    with locked("apt"):
        absent = missing_packages(wanted)
        if absent:
            _install(absent)


def _install(absent: list[str]) -> None:
    command = f"apt-get install -y --no-install-recommends {' '.join(absent)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PreflightError(f"packages are missing; run as root, on Debian: {command}")
    say(f"installing {', '.join(absent)}")
    # A package may start its service on installation: the node runs its own containerd.
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in ("apt-get update -qq", command + " -qq"):
        done = subprocess.run(words.split(), env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr or done.stdout).strip()[-500:]
            raise PreflightError(
                f"`{words}` failed; install {', '.join(absent)} by hand and try again. It said: {reason}"
            )
