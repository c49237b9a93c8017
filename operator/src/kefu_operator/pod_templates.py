"""Where the kinds that run pods have the templates of them."""

from kefu_operator.desired.types import Object
from kefu_operator.resources import DEPLOYMENTS, LEADER_WORKER_SETS, STATEFUL_SETS, resource_of

Path = tuple[str, ...]

PLACES: dict[str, tuple[Path, ...]] = {
    DEPLOYMENTS.kind: (("spec", "template"),),
    STATEFUL_SETS.kind: (("spec", "template"),),
    LEADER_WORKER_SETS.kind: (
        ("spec", "leaderWorkerTemplate", "leaderTemplate"),
        ("spec", "leaderWorkerTemplate", "workerTemplate"),
    ),
}


def places(found: Object) -> tuple[Path, ...]:
    """Where the object has templates; of a kind that runs no pods: nowhere."""
    return PLACES.get(resource_of(found).kind, ())


def pod_spec(found: Object, place: Path) -> Object:
    """The pod's spec at one of these places; empty where others took the template out, as the leaders' may be."""
    for name in (*place, "spec"):
        found = found.get(name, {})
    return found


def containers(found: Object, place: Path) -> list[Object]:
    """All containers there: steps first, then the server, then companions."""
    spec = pod_spec(found, place)
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]
