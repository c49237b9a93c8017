"""A Lease of `coordination.k8s.io/v1` as the election reads and writes it."""

from datetime import UTC, datetime

from kefu_operator.desired.types import Object
from kefu_operator.resources import LEASES


def holder(lease: Object) -> str:
    """Who holds it; empty where nobody does."""
    return str(lease.get("spec", {}).get("holderIdentity") or "")


def duration(lease: Object, default: float) -> float:
    """For how many seconds a renewal holds, as its holder promised."""
    return float(lease.get("spec", {}).get("leaseDurationSeconds") or default)


def mark(lease: Object) -> object:
    """Changes with every renewal."""
    return lease["metadata"].get("resourceVersion")


def fresh(namespace: str, name: str, identity: str, seconds: float, now: datetime) -> Object:
    """A first lease."""
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": _spec(identity, seconds, acquired=now, renewed=now, transitions=0),
    }


def renewed(lease: Object, identity: str, seconds: float, now: datetime) -> Object:
    """The lease held by `identity` from now on; an update of it is refused where it changed meanwhile."""
    old = lease.get("spec", {})
    if holder(lease) == identity:
        return {**lease, "spec": {**old, "renewTime": _micro(now), "leaseDurationSeconds": round(seconds)}}
    transitions = int(old.get("leaseTransitions") or 0) + 1
    return {**lease, "spec": _spec(identity, seconds, acquired=now, renewed=now, transitions=transitions)}


def released(lease: Object, now: datetime) -> Object:
    """The lease held by nobody."""
    return {**lease, "spec": {**lease.get("spec", {}), "holderIdentity": "", "renewTime": _micro(now)}}


def _spec(identity: str, seconds: float, *, acquired: datetime, renewed: datetime, transitions: int) -> Object:
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": round(seconds),
        "acquireTime": _micro(acquired),
        "renewTime": _micro(renewed),
        "leaseTransitions": transitions,
    }


def _micro(moment: datetime) -> str:
    """As `metav1.MicroTime` has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
