"""What must hold before a node is started, each with a sentence that says how to mend it."""

import ipaddress
import json
import os
import shutil
import subprocess
from pathlib import Path

from hack.cluster.apt import install
from hack.cluster.errors import PreflightError
from hack.cluster.node.layout import HOST_IP, HOST_LINK, LINK_PREFIX, POD_RANGE, SERVICE_RANGE
from hack.cluster.node.packages import NODE_PACKAGES

_NEEDED_BYTES = 4 * 1024**3


def check(state: Path) -> None:
    """Check packages (installing them), disk and addresses.

    Raises:
        PreflightError: something is missing and cannot be mended from here.
    """
    install(NODE_PACKAGES)
    state.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(state).free
    if free < _NEEDED_BYTES:
        raise PreflightError(
            f"{state} has {free >> 20} MiB free and the node needs {_NEEDED_BYTES >> 20} MiB; "
            "free some space or point KEFU_NODE at a larger disk"
        )
    _check_addresses()


def check_root() -> None:
    """Refuse to touch a node without root.

    Raises:
        PreflightError: not root.
    """
    if os.geteuid() != 0:
        raise PreflightError(
            "the native cluster needs root for its namespaces; run it with sudo, "
            "or set KEFU_CLUSTER=kind (Docker) or KEFU_CLUSTER=current (your kubeconfig)"
        )


def _check_addresses() -> None:
    done = subprocess.run(["ip", "-json", "route", "show"], capture_output=True, text=True, check=True)
    taken = conflicts(json.loads(done.stdout or "[]"))
    if taken:
        raise PreflightError(
            f"the node's addresses are routed elsewhere on this machine: {', '.join(taken)}; "
            "remove those routes (a VPN, another cluster?) or use KEFU_CLUSTER=kind or current"
        )


def conflicts(routes: list[dict[str, object]]) -> list[str]:
    """Return the routes (as `ip -json route` gives them) that overlap the node's ranges and are not its own."""
    ours = [ipaddress.ip_network(POD_RANGE), ipaddress.ip_network(SERVICE_RANGE),
            ipaddress.ip_network(f"{HOST_IP}/{LINK_PREFIX}", strict=False)]  # fmt: skip
    taken = []
    for route in routes:
        target = str(route.get("dst", "default"))
        if target == "default" or route.get("dev") == HOST_LINK:
            continue
        if any(ipaddress.ip_network(target, strict=False).overlaps(network) for network in ours):
            taken.append(f"{target} via {route.get('dev', 'nothing')}")
    return taken
