"""PersistentVolumeClaims: volumes that outlive pods, and go with their owner."""

from collections.abc import Iterable

from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Container, VolumeMount


def claims(containers: Iterable[Container], scope: Scope, component: str, instance: str) -> list[Object]:
    """A claim for every volume of ours that the containers mount."""
    mounts = {mount.claim: mount for each in containers for mount in each.mounts if isinstance(mount, VolumeMount)}
    return [_claim(mount, scope, component, instance) for mount in mounts.values()]


def _claim(mount: VolumeMount, scope: Scope, component: str, instance: str) -> Object:
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": mount.size}}}
    if mount.storage_class:
        spec["storageClassName"] = mount.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(scope, mount.claim, component, instance),
        "spec": spec,
    }
