"""The kind provider, for machines with Docker. This repository's own tests do not exercise it."""

import shutil
import subprocess
from pathlib import Path

from hack.cluster.cache import cache_root
from hack.cluster.errors import PreflightError, StartError, UsageError
from hack.cluster.part import Part

NAME = "kefu"


class Kind:
    """A cluster called kefu, made by the kind program in Docker."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that kind writes for us, apart from the user's own."""
        return cache_root() / "kind" / "kubeconfig"

    def start_runtime(self) -> None:
        """Create the cluster: kind has no less than a whole one."""
        self.up([])

    def up(self, extras: list[str]) -> None:
        """Create the cluster unless it exists."""
        if extras:
            raise UsageError(f"--with {' '.join(extras)} is for the native provider")
        if NAME not in _kind("get", "clusters").split():
            self.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
            _kind("create", "cluster", "--name", NAME, "--kubeconfig", str(self.kubeconfig), "--wait", "180s")

    def down(self) -> None:
        """Delete the cluster."""
        _kind("delete", "cluster", "--name", NAME, "--kubeconfig", str(self.kubeconfig))

    def status(self) -> list[Part]:
        """Say whether the cluster exists."""
        return [Part(NAME, NAME in _kind("get", "clusters").split(), "kind")]

    def environment(self) -> dict[str, str]:
        """Return the kubeconfig and the address at which pods reach the host."""
        gateway = "{{range .IPAM.Config}}{{.Gateway}} {{end}}"
        addresses = _run("docker", "network", "inspect", "kind", "--format", gateway).split()
        host = next((address for address in addresses if ":" not in address), "")
        return {"KEFU_CLUSTER": "kind", "KUBECONFIG": str(self.kubeconfig), "KEFU_HOST_IP": host}

    def command(self, words: list[str]) -> list[str]:
        """Run in the node's container."""
        return ["docker", "exec", "-i", f"{NAME}-control-plane", *words]

    def load(self, archives: list[Path]) -> None:
        """Import the archives."""
        for archive in archives:
            _kind("load", "image-archive", str(archive), "--name", NAME)

    def logs(self, component: str | None) -> str:
        """Return the node's log."""
        return _run("docker", "logs", f"{NAME}-control-plane") if component else "node"


def _kind(*words: str) -> str:
    return _run("kind", *words)


def _run(program: str, *words: str) -> str:
    if shutil.which(program) is None:
        raise PreflightError(f"{program} is missing; install it (https://kind.sigs.k8s.io) or use KEFU_CLUSTER=native")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartError(f"{program} {' '.join(words[:2])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
