"""Placements: where files lie and where servers listen, in a cluster or on this machine."""

from dataclasses import dataclass
from typing import Protocol

from kefu_operator.plan.workload import Port


class Placement(Protocol):
    """Answers the two questions in which a pod and a local process differ."""

    @property
    def bind(self) -> str:
        """Address that servers listen on."""
        ...

    @property
    def model_store(self) -> str | None:
        """Folder of models that were downloaded before, or None."""
        ...

    def path(self, workload: str, mount: str, *, writable: bool = False) -> str:
        """Absolute folder of a mount."""
        ...

    def listen(self, workload: str, port: Port) -> int:
        """Port number that the workload listens on."""
        ...

    def address(self, workload: str, port: Port, service: str = "") -> str:
        """`host:port` under which others reach it; `service`: of its Service, where that has another name."""
        ...


@dataclass(frozen=True)
class ClusterPlacement:
    """Pods in one namespace, reached through Services."""

    namespace: str
    bind: str = "0.0.0.0"
    model_store: None = None

    def path(self, workload: str, mount: str, *, writable: bool = False) -> str:
        """Folder in the pod's file system; pods do not share it, so the workload does not matter."""
        return f"/var/lib/kefu/{mount}" if writable else f"/etc/kefu/{mount}"

    def listen(self, workload: str, port: Port) -> int:
        """The port's own number."""
        return port.number

    def address(self, workload: str, port: Port, service: str = "") -> str:
        """Service name and port number."""
        return f"{service or workload}.{self.namespace}.svc:{port.number}"
