"""What every engine's planning gives."""

from dataclasses import dataclass

from kefu_api.documents.release import EngineTarget
from kefu_operator.plan.demand import EngineSignals
from kefu_operator.plan.workload import Mount, Port, Workload

PORT = Port("http", 8000)
SERVED_NAME = "chat"
"""Name that our own engines know their model by."""


@dataclass(frozen=True)
class EnginePlan:
    """An engine: how it is reached, and what runs it."""

    target: EngineTarget
    workload: Workload | None
    """None: somebody else runs it."""
    gateway_mounts: tuple[Mount, ...] = ()
    """What the gateway needs to talk to it, e.g. a key."""
    signals: EngineSignals | None = None
    """What it can be scaled by; None where somebody else runs it."""
    layout: str = ""
    """How its model lies on its accelerators, for people; empty where nothing was computed."""
