"""What an engine that runs offers to adapters: read from what runs its pods, which is where it is true."""

from collections.abc import Iterable, Iterator

from kefu_api.kinds.types import amount
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.plan.engines.adapters import LOADER
from kefu_operator.plan.engines.lora import Lora, combined, offered
from kefu_operator.pod_templates import Path, places, pod_spec
from kefu_operator.settled import owns

SERVER = "engine"
"""Name of an engine's container."""


def offered_by(owned: Iterable[Object]) -> Lora | None:
    """What the engine offers whose objects these are; None where LoRA is off, or nothing runs yet.

    What others wrote into it is no offer of ours, and is repaired.
    """
    return combined(_offer(each, place) for each in owned for place in places(each))


def _offer(runner: Object, place: Path) -> Lora | None:
    spec = pod_spec(runner, place)
    command = next((each.get("command", ()) for each in spec.get("containers", ()) if each["name"] == SERVER), ())
    room = next(
        (each.get("emptyDir", {}).get("sizeLimit") for each in spec.get("volumes", ()) if each["name"] == LOADER), None
    )
    if room is None or not all(owns(runner, naming.MANAGER, entries) for entries in _entries(place)):
        return None
    return offered(command, int(amount(room)))


def _entries(place: Path) -> Iterator[tuple[str, ...]]:
    """Where managedFields has the command, and the room."""
    spec = [f"f:{name}" for name in (*place, "spec")]
    yield (*spec, "f:containers", f'k:{{"name":"{SERVER}"}}', "f:command")
    yield (*spec, "f:volumes", f'k:{{"name":"{LOADER}"}}', "f:emptyDir", "f:sizeLimit")
