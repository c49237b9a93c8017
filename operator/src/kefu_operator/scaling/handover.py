"""How one scaler takes another's place, or one runner of pods: the old one goes first.

Two scalers of one Deployment undo each other's work, and KEDA's admission webhook refuses a ScaledObject while a
HorizontalPodAutoscaler of the same Deployment is there. So the new one is made only once the old one is gone, in a later
reconcile where need be. Two runners of the same groups would take accelerators from one another. It may take its time, because KEDA holds a ScaledObject by a finalizer; but not for ever: a KEDA that
is gone would never let go of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kefu_operator.desired.types import Object
from kefu_operator.resources import (
    AUTOSCALERS,
    LEADER_WORKER_SETS,
    SCALED_OBJECTS,
    STATEFUL_SETS,
    Resource,
    resource_of,
)

SCALERS = (AUTOSCALERS, SCALED_OBJECTS)
RUNNERS = (LEADER_WORKER_SETS, STATEFUL_SETS)
"""Those that groups can change between."""

PATIENCE = timedelta(seconds=30)
"""How long an old scaler may be in the way."""


@dataclass(frozen=True)
class Handover:
    """What is to be done about an engine's scalers, or its runners."""

    outgoing: tuple[Object, ...]
    """Those that nobody wants any more, to be deleted before anything is written."""
    waits: bool
    """Whether one of them stays for a while, so that no other may be made yet."""


def handover(
    wanted: Iterable[Object], live: Iterable[Object], now: datetime, kinds: tuple[Resource, ...] = SCALERS
) -> Handover:
    """Compare.

    Args:
        wanted: those that are to be.
        live: everything that is labelled as the engine's.
        now: the current time.
        kinds: of which only one thing may be.
    """
    names = {_identity(each) for each in wanted}
    found = [each for each in live if resource_of(each) in kinds]
    outgoing = tuple(each for each in found if _identity(each) not in names and not made_by_keda(each, found))
    return Handover(outgoing, any(_stays(each, now) for each in outgoing))


def without_kedas(live: Iterable[Object]) -> list[Object]:
    """What is ours: KEDA gives the labels of a ScaledObject to its HorizontalPodAutoscaler too, which is its own."""
    everything = list(live)
    return [each for each in everything if not made_by_keda(each, everything)]


def made_by_keda(found: Object, live: Iterable[Object]) -> bool:
    """Whether it belongs to a ScaledObject that is there to stay; one that was left behind is nobody's."""
    if resource_of(found) is not AUTOSCALERS:
        return False
    owner = _controller(found)
    return any(
        resource_of(each) is SCALED_OBJECTS
        and each["metadata"]["uid"] == owner.get("uid")
        and "deletionTimestamp" not in each["metadata"]
        for each in live
    )


def is_scaler(found: Object) -> bool:
    """Whether it owns the `replicas` of something."""
    return resource_of(found) in SCALERS


def _stays(found: Object, now: datetime) -> bool:
    """Whether it will still be there when its deletion was asked for."""
    meta = found["metadata"]
    if not meta.get("finalizers"):
        return False
    asked = meta.get("deletionTimestamp")
    return asked is None or now - datetime.fromisoformat(asked) < PATIENCE


def _controller(found: Object) -> Object:
    return next((each for each in found["metadata"].get("ownerReferences", ()) if each.get("controller")), {})


def _identity(found: Object) -> tuple[str, str]:
    return found["kind"], found["metadata"]["name"]
