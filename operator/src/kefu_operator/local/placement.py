"""Where plans find their files and addresses when workloads are processes on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kefu_operator.local.ports import LOOPBACK, PortBook
from kefu_operator.plan.workload import Port

PUBLIC = "http"
"""Name of the port that a gateway offers to customers."""


@dataclass(frozen=True)
class LocalPlacement:
    """Folders below one state folder; loopback addresses with remembered ports."""

    state: Path
    """Absolute state folder."""
    models: Path
    """Absolute folder of downloaded models, shared by all runs of this user."""
    ports: PortBook
    public: Mapping[str, int] = field(default_factory=dict)
    """Port numbers that the user chose, by gateway workload."""
    bind: str = LOOPBACK

    @property
    def model_store(self) -> str:
        """Folder of models that were downloaded before."""
        return str(self.models)

    def path(self, workload: str, mount: str, *, writable: bool = False) -> str:
        """`<state>/<workload>/<mount>`, whether it is written or only read."""
        return str(self.state / workload / mount)

    def listen(self, workload: str, port: Port) -> int:
        """The user's port for a public gateway, else one of the remembered free ports."""
        chosen = self.public.get(workload) if port.name == PUBLIC else None
        return chosen or self.ports.port(f"{workload}/{port.name}")

    def address(self, workload: str, port: Port, service: str = "") -> str:
        """Loopback address of the workload's port."""
        return f"{LOOPBACK}:{self.listen(workload, port)}"
