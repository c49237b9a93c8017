"""The node's Linux namespaces: making them, joining them to the host by a veth pair, removing every trace."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from hack.cluster.errors import StartError
from hack.cluster.node.layout import (
    HOST_IP,
    HOST_LINK,
    LINK_PREFIX,
    NODE_IP,
    POD_RANGE,
    SERVICE_RANGE,
    SHADOWED_FOLDERS,
    Layout,
)
from hack.cluster.processes import outlive, tail

_CHECKOUT = Path(__file__).resolve().parents[3]
_CGROUPS = ("kubepods", "k8s.io")


def create(node: Layout) -> int:
    """Start process 1 in fresh namespaces, link them to the host, and return its id on the host.

    Raises:
        StartError: unshare failed; the text quotes its log.
    """
    _make_shadowed(node)
    log = node.logs / "init.log"
    with log.open("ab") as output:
        started = subprocess.Popen(
            ["unshare", "-n", "-m", "-u", "-i", "-p", "--fork", "--mount-proc", "--propagation", "private",
             "--kill-child", sys.executable, "-m", "hack.cluster.node.init"],
            cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            env=os.environ | {"KEFU_NODE": str(node.root), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    outer = outlive(started)
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    deadline = time.monotonic() + 20
    while True:
        if outer.poll() is not None or time.monotonic() > deadline:
            raise StartError(f"the node's namespaces could not be made; {log} ends:\n{tail(log)}")
        found = children.read_text().split()
        if found:
            break
        time.sleep(0.02)
    node.init_pid.write_text(found[0])
    _link(found[0])
    return int(found[0])


def init_pid(node: Layout) -> int | None:
    """Return the host's id of a live process 1 of this node, else None."""
    try:
        pid = int(node.init_pid.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return pid if b"hack.cluster.node.init" in words else None


def enter(pid: int, words: list[str]) -> list[str]:
    """Return the command line that runs these words in the namespaces of that process."""
    return ["nsenter", "-t", str(pid), "-n", "-m", "-u", "-i", "-p", *words]


def destroy(node: Layout) -> None:
    """End the processes and remove link, cgroups, mounts and the state folder; nothing of it need exist."""
    # Before its far end dies: the kernel lets go of a lone end at once, of a dying namespace's only after seconds.
    _ip("link", "delete", HOST_LINK, check=False)
    pid = init_pid(node)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)  # process 1 takes every process of its namespaces with it
        _wait_gone(pid)
    _remove_cgroups()
    _unmount_below(node.root)
    _remove_shadowed(node)
    shutil.rmtree(node.root, ignore_errors=True)
    if node.root.exists():
        raise StartError(
            f"{node.root} could not be removed wholly; look for what holds it: grep {node.root} /proc/*/mounts"
        )


def leftovers(node: Layout) -> list[str]:
    """Return what of a node is still on the machine, in words; empty after `destroy`."""
    found = [f"process {pid}" for pid in [init_pid(node)] if pid is not None]
    if Path(f"/sys/class/net/{HOST_LINK}").exists():
        found.append(f"link {HOST_LINK}")
    found += [f"cgroup {path}" for path in _cgroups()]
    found += [f"mount {path}" for path in _mounts_below(node.root)]
    return found + ([f"folder {node.root}"] if node.root.exists() else [])


def _make_shadowed(node: Layout) -> None:
    absent = [folder for folder in SHADOWED_FOLDERS if not Path(folder).exists()]
    node.created.write_text(json.dumps(absent))
    for folder in absent:
        Path(folder).mkdir(parents=True)


def _remove_shadowed(node: Layout) -> None:
    created: list[str] = json.loads(node.created.read_text()) if node.created.exists() else []
    for folder in created:
        with suppress(OSError):  # gone already, or in use by something else by now
            Path(folder).rmdir()


def _link(pid: str) -> None:
    _ip("link", "delete", HOST_LINK, check=False)
    _ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", "eth0", "netns", pid)
    _ip("address", "add", f"{HOST_IP}/{LINK_PREFIX}", "dev", HOST_LINK)
    _ip("link", "set", HOST_LINK, "up")
    for network in (POD_RANGE, SERVICE_RANGE):
        _ip("route", "replace", network, "via", NODE_IP)


def _ip(*words: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise StartError(f"ip {' '.join(words)} failed: {done.stderr.strip()}")


def _wait_gone(pid: int) -> None:
    for _ in range(200):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)


def _cgroups() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    return [path for name in _CGROUPS for path in (*root.glob(name), *root.glob(f"*/{name}")) if path.is_dir()]


def _remove_cgroups() -> None:
    # The kernel takes a moment to let go of a cgroup whose processes have just died.
    for _ in range(50):
        for top in _cgroups():
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    Path(folder).rmdir()
                except OSError:
                    break
        if not _cgroups():
            return
        time.sleep(0.1)


def _mounts_below(root: Path) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in points if Path(point).is_relative_to(root)]


def _unmount_below(root: Path) -> None:
    for point in sorted(_mounts_below(root), reverse=True):
        subprocess.run(["umount", "-l", point], check=False)
