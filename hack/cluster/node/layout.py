"""Addresses and folders of the native node, in one place because both sides of the namespaces need them."""

import os
from dataclasses import dataclass
from pathlib import Path

HOST_LINK = "kefu0"
HOST_IP = "172.31.255.1"
NODE_IP = "172.31.255.2"
LINK_PREFIX = 30
POD_RANGE = "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
API_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
API_URL = f"https://{NODE_IP}:6443"
NODE_NAME = "kefu"
STORAGE_CLASS = "kefu-local"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
CNI_PLUGINS = Path("/usr/lib/cni")
PAUSE_IMAGE = "kefu.local/pause:1"

# The runtime and the kubelet write here whatever they are told; the node mounts a file system of its own over each.
SHADOWED_FOLDERS = ("/run/netns", "/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")


@dataclass(frozen=True)
class Layout:
    """The folders of one node's state."""

    root: Path

    @property
    def pki(self) -> Path:
        """Certificates, keys and kubeconfigs."""
        return self.root / "pki"

    @property
    def keda_certificates(self) -> Path:
        """Certificate and key of KEDA, under the names that it looks for."""
        return self.pki / "keda"

    @property
    def logs(self) -> Path:
        """One log a component."""
        return self.root / "log"

    @property
    def config(self) -> Path:
        """Rendered configuration files."""
        return self.root / "config"

    @property
    def volumes(self) -> Path:
        """The directories behind persistent volumes."""
        return self.root / "volumes"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log."""
        return self.root / "audit" / "audit.log"

    @property
    def init_pid(self) -> Path:
        """Holds the host's id of the process that is 1 inside the namespaces."""
        return self.root / "init.pid"

    @property
    def components(self) -> Path:
        """JSON that the first process keeps: component -> {running, restarts}."""
        return self.root / "components.json"

    @property
    def pause_archive(self) -> Path:
        """The image that every pod's sandbox starts from."""
        return self.root / "pause.tar"

    @property
    def created(self) -> Path:
        """JSON list of the folders outside the state that had to be made, to be removed with it."""
        return self.root / "created.json"

    @property
    def extras(self) -> Path:
        """JSON list of the optional components that were asked for; written when every program is there to be started."""
        return self.root / "extras.json"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a component or of the administrator."""
        return self.pki / f"{user}.kubeconfig"


def layout() -> Layout:
    """Return the layout at `$KEFU_NODE`, default /var/lib/kefu-node."""
    return Layout(Path(os.environ.get("KEFU_NODE", "/var/lib/kefu-node")))
