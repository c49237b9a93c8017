"""What every engine's planning gives."""

from dataclasses import dataclass

from kefu_api.documents.release import EngineTarget
from kefu_operator.plan.demand import EngineSignals
from kefu_operator.plan.reach import Access, Outside, Reach
from kefu_operator.plan.workload import Container, Mount, Port, Workload

PORT = Port("http", 8000)
ACCESS = {PORT.name: Access.CALLERS_OPERATORS_AND_SCRAPERS}
"""Every engine shows its metrics at the port where it answers."""
SERVED_NAME = "chat"
"""Name that our own engines know their model by."""


def reach(steps: tuple[Container, ...]) -> Reach:
    """What an engine calls: the place of its model, while it is fetched; wherever it lies, a mirror in the cluster included."""
    return Reach(outside=Outside.ANYTHING if steps else Outside.NOTHING)


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
