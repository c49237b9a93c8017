"""The Debian packages of a node: which are missing, and installing them."""

import os
import shutil
import subprocess
from pathlib import Path

from hack.cluster.errors import PreflightError
from hack.cluster.node.layout import CNI_PLUGINS
from hack.cluster.progress import say

# Package -> a file that it brings. runc, not crun: crun refuses cgroup v1 in hybrid mode.
NODE_PACKAGES: dict[str, str] = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": str(CNI_PLUGINS / "bridge"),
    "catatonit": "catatonit",
    "iptables": "iptables",
    "nftables": "nft",
    "iproute2": "ip",
    "openssl": "openssl",
    "util-linux": "nsenter",
}


def missing_packages(wanted: dict[str, str]) -> list[str]:
    """Return the packages whose file is not there."""
    return [package for package, file in wanted.items() if not _present(file)]


def _present(file: str) -> bool:
    return Path(file).exists() if file.startswith("/") else shutil.which(file, path=_search_path()) is not None


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def install(wanted: dict[str, str]) -> None:
    """Install what is missing with apt-get.

    Raises:
        PreflightError: not root, no apt-get, or apt-get failed; the text names the packages.
    """
    absent = missing_packages(wanted)
    if not absent:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(absent)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PreflightError(f"packages are missing; run as root: {command}")
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
