"""The two controllers that are compared, as processes: the operator, and the one in `hack/bench`."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from hack.cluster.apiserver import ControlPlane
from hack.cluster.cache import binaries
from hack.cluster.gobuild import build
from hack.cluster.programs import groups_named
from hack.ports import free_port

from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object

PEER_WORKERS = 10


@dataclass(frozen=True)
class Subject:
    """A running controller."""

    pid: int
    port: int = 0
    """Of the operator's probes and metrics."""

    @property
    def peak_mib(self) -> float:
        """The most memory that was ever resident."""
        return self._kib("VmHWM") / 1024

    @property
    def resident_mib(self) -> float:
        """Resident memory now."""
        return self._kib("VmRSS") / 1024

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return cpu_of(self.pid)

    @property
    def is_ready(self) -> bool:
        """Whether the operator says so."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def metric(self, name: str) -> float:
        """Sum of one of the operator's metrics over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))

    def _kib(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def cpu_of(pid: int) -> float:
    """Seconds of processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def operator(cluster: Cluster, profile: Path | None = None, **settings: str) -> Iterator[Subject]:
    """The operator's process, ready; `profile`: where cProfile's figures go."""
    port = free_port()
    env = os.environ | {"KUBECONFIG": str(cluster.plane.user(OPERATOR_USER)), "KEFU_PORT": str(port),
                        "KEFU_NAMESPACES": cluster.namespace, "KEFU_LOG_LEVEL": "WARNING", **settings}  # fmt: skip
    profiler = ["-m", "cProfile", "-o", str(profile)] if profile else []
    process = subprocess.Popen([sys.executable, *profiler, "-m", "kefu_operator"], env=env)
    try:
        subject = Subject(process.pid, port)
        cluster.until(lambda: subject.is_ready, 300)
        yield subject
    finally:
        process.terminate()
        process.wait(timeout=120)


@contextmanager
def peer(cluster: Cluster, work: Object) -> Iterator[Subject]:
    """The plain client-go controller's process, ready."""
    build(groups_named(["bench"]))
    path = cluster.plane.folder / "work.json"
    path.write_text(json.dumps(work))
    command = [str(binaries() / "bench-peer"), "-kubeconfig", str(cluster.plane.user(OPERATOR_USER)), "-namespace",
               cluster.namespace, "-work", str(path), "-workers", str(PEER_WORKERS)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise AssertionError("the peer did not start; its error stands above")
        yield Subject(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def cpu_of_plane(plane: ControlPlane) -> float:
    """Seconds of processor time of etcd and kube-apiserver so far."""
    return sum(cpu_of(pid) for pid in plane.pids)
