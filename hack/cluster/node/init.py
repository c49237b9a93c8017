"""Process 1 of the node: it furnishes the fresh namespaces, then starts the components and keeps them.

Run by `native.py` under unshare(1); when it dies the kernel ends everything in the namespaces, pods included.
"""

import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from hack.cluster.node.components import READY_URL, foundation, remainder, runtime
from hack.cluster.node.layout import (
    CONTAINERD_SOCKET,
    HOST_IP,
    LINK_PREFIX,
    NODE_IP,
    NODE_NAME,
    SHADOWED_FOLDERS,
    Layout,
    layout,
)
from hack.cluster.node.supervisor import Supervisor

# The kubelet writes these for the whole machine: each is shadowed by a file of the node's own.
_SHADOWED_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def main() -> None:
    """Run the node until it is killed."""
    node = layout()
    _mounts(node)
    _network()
    supervisor = Supervisor(node.logs, node.components)
    supervisor.start(runtime(node))
    _wait_for(_runtime_ready, supervisor)
    _run("ctr", "-a", CONTAINERD_SOCKET, "-n", "k8s.io", "images", "import", str(node.pause_archive))
    _wait_for(node.extras.exists, supervisor)
    extras: list[str] = json.loads(node.extras.read_text())
    supervisor.start(foundation(node))
    _wait_for(lambda: _api_ready(node.pki / "ca.crt"), supervisor)
    supervisor.start(remainder(node, extras))
    supervisor.run()


def _mounts(node: Layout) -> None:
    _run("mount", "--make-rshared", "/")
    for folder in SHADOWED_FOLDERS:
        _run("mount", "-t", "tmpfs", "tmpfs", folder)
    shadows = node.root / "sysctl"
    shadows.mkdir(exist_ok=True)
    for key, value in _SHADOWED_SYSCTLS.items():
        shadow = shadows / key.replace("/", "_")
        shadow.write_text(value)
        _run("mount", "--bind", str(shadow), f"/proc/sys/{key}")


def _network() -> None:
    _run("hostname", NODE_NAME)
    _run("ip", "link", "set", "lo", "up")
    while not Path("/proc/self/net/dev").read_text().count("eth0:"):
        time.sleep(0.02)
    _run("ip", "address", "add", f"{NODE_IP}/{LINK_PREFIX}", "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", HOST_IP)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _wait_for(ready: Callable[[], bool], supervisor: Supervisor) -> None:
    while not ready():
        supervisor.step()
        time.sleep(0.1)


def _api_ready(authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with urllib.request.urlopen(READY_URL, timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _runtime_ready() -> bool:
    done = subprocess.run(["ctr", "-a", CONTAINERD_SOCKET, "version"], capture_output=True, check=False)
    return done.returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
