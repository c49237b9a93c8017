"""Names, labels and owners: the metadata that every object of ours carries."""

from collections.abc import Mapping
from dataclasses import dataclass

from kefu_api import API_VERSION
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.plan.reach import Reach


@dataclass(frozen=True)
class Owner:
    """The user's object for which ours exist; they are deleted with it."""

    kind: str
    name: str
    uid: str
    """Empty where the object was never in a cluster; then no owner is written."""


@dataclass(frozen=True)
class Scope:
    """What all objects made in one go have in common."""

    namespace: str
    labels: Mapping[str, str]
    """The label that pruning selects by."""
    owner_references: tuple[Object, ...]


def owned(namespace: str, owner: Owner) -> Scope:
    """Objects of one owner."""
    label = {naming.OWNED_BY: naming.owned_by(owner.kind, owner.name)}
    return Scope(namespace, label, _references((owner,), controller=True))


def shared(namespace: str, engine: str, owners: tuple[Owner, ...]) -> Scope:
    """Objects of an engine: they live as long as any owner does, and no owner's deletion waits for them."""
    return Scope(namespace, {naming.ENGINE: engine}, _references(owners, controller=False))


def owned_by_volume(claim: Object) -> Object:
    """The reference of what goes with a volume."""
    meta = claim["metadata"]
    return {
        "apiVersion": claim["apiVersion"],
        "kind": claim["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": False,
        "blockOwnerDeletion": False,
    }


def metadata(scope: Scope, name: str, component: str, instance: str | None = None) -> Object:
    """Metadata of an object; `instance` is the workload that it belongs to, where its name is another."""
    meta: Object = {
        "name": name,
        "namespace": scope.namespace,
        "labels": {**selector(instance or name, component), **_common(), **scope.labels},
    }
    if scope.owner_references:
        meta["ownerReferences"] = [dict(reference) for reference in scope.owner_references]
    return meta


def identity(found: Object) -> tuple[str, str, str]:
    """By which an object that is wanted and the one that stands are one: kind, namespace and name."""
    return found["kind"], found["metadata"]["namespace"], found["metadata"]["name"]


def outliving(meta: Object) -> Object:
    """The same metadata of what outlives its owner and is pruned by nobody."""
    without = {name: value for name, value in meta.items() if name != "ownerReferences"}
    return {**without, "labels": {**meta["labels"], naming.RETAINED: "true"}}


def pod_labels(scope: Scope, name: str, component: str, reach: Reach) -> dict[str, str]:
    """Labels of a workload's pods; those that they call find them by the last."""
    called = {naming.uses(other): "true" for other in reach.uses}
    return {**selector(name, component), **_common(), **scope.labels, **called}


def selector(name: str, component: str) -> dict[str, str]:
    """Labels that find a workload's pods; a Deployment never lets them change."""
    return {"app.kubernetes.io/name": f"kefu-{component}", **instance(name)}


def instance(name: str) -> dict[str, str]:
    """Label that finds all pods of a workload, those of a group's workers too."""
    return {"app.kubernetes.io/instance": name}


def _common() -> dict[str, str]:
    return {"app.kubernetes.io/managed-by": naming.MANAGER, "app.kubernetes.io/part-of": "kefu"}


def _references(owners: tuple[Owner, ...], *, controller: bool) -> tuple[Object, ...]:
    ordered = sorted({owner for owner in owners if owner.uid}, key=lambda owner: (owner.name, owner.uid))
    return tuple(
        {
            "apiVersion": API_VERSION,
            "kind": owner.kind,
            "name": owner.name,
            "uid": owner.uid,
            "controller": controller,
            "blockOwnerDeletion": False,
        }
        for owner in ordered
    )
