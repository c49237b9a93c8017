"""What every engine's planning gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kefu_api.documents.release import EngineTarget
from kefu_operator.plan.demand import EngineSignals
from kefu_operator.plan.reach import Access, Outside, Reach
from kefu_operator.plan.workload import Container, Mount, Port, Workload

PORT = Port("http", 8000)
ACCESS = {PORT.name: Access.CALLERS_OPERATORS_AND_SCRAPERS}
"""Every engine shows its metrics at the port where it answers."""
SERVED_NAME = "chat"
"""Name that our own engines know their model by."""


def reach(fetching: tuple[Container, ...]) -> Reach:
    """What an engine calls: where its model and adapters lie, by what fetches them; a mirror in the cluster included."""
    return Reach(outside=Outside.ANYTHING if fetching else Outside.NOTHING)


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
    adapters: Mapping[str, str] = field(default_factory=dict)
    """The chatbot's own LoRA adapters: what the engine knows each by, and what the user calls it."""
    layout: str = ""
    """How its model lies on its accelerators, for people; empty where nothing was computed."""
