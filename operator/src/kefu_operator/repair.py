"""How an object is mended that cannot be applied, because what we want and what others wrote exclude one another.

Server-side apply merges keyed lists item by item and leaves what others own. Whoever changes the number of a Service's
port makes another item of it, whose name is then taken; whoever makes a hostPath of a volume leaves it with two types.
The API server refuses such an apply for ever (422). The whole spec is replaced then, so that theirs goes.

Pure: this makes JSON patches (RFC 6902); `apply` sends them. Each tests the resource version that it was made from.
"""

from kefu_operator.desired.types import Object
from kefu_operator.resources import CLAIMS, Resource, resource_of
from kefu_operator.settled import owned_fields

Patch = list[Object]

IDENTITY = ("apiVersion", "kind", "metadata", "status")
UNTOUCHED = {"Deployment": ("replicas",), "LeaderWorkerSet": ("replicas",)}
"""Fields of a spec that others own where we leave them out: an autoscaler, or `kubectl scale`."""


def is_mendable(resource: Resource) -> bool:
    """Whether the kind's spec may be replaced: that of a claim can never be."""
    return resource is not CLAIMS


def replacement(live: Object, desired: Object) -> Patch:
    """Make each part of the object that we describe exactly what we want."""
    kind = resource_of(desired).kind
    return [
        _test(live),
        *(
            {"op": "add", "path": f"/{name}", "value": _with_untouched(kind, name, value, live)}
            for name, value in desired.items()
            if name not in IDENTITY
        ),
    ]


def handed_over(live: Object, desired: Object, manager: str) -> Object | None:
    """Fields of the spec that others own from now on, with the values that they have; None where there is none.

    Whoever stops to apply a field that nobody else owns deletes it (Kubernetes, "Server-Side Apply", transferring ownership).
    """
    ours = (owned_fields(live, manager) or {}).get("f:spec", {})
    names = UNTOUCHED.get(resource_of(desired).kind, ())
    spec, theirs = desired.get("spec", {}), live.get("spec", {})
    found = {name: theirs[name] for name in names if f"f:{name}" in ours and name not in spec and name in theirs}
    return found or None


def disowning(live: Object, place: int) -> Patch:
    """Remove the entry of managedFields that a replacement left, as client-go's `csaupgrade` does."""
    return [_test(live), {"op": "remove", "path": f"/metadata/managedFields/{place}"}]


def _test(live: Object) -> Object:
    return {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]}


def _with_untouched(kind: str, name: str, value: object, live: Object) -> object:
    if name != "spec" or not isinstance(value, dict):
        return value
    theirs = live.get("spec", {})
    return {**{field: theirs[field] for field in UNTOUCHED.get(kind, ()) if field in theirs}, **value}
