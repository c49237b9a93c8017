"""PersistentVolumeClaims: volumes that outlive pods, and go with their owner unless they are to stay."""

from collections.abc import Iterable

from kefu_operator.desired.metadata import Scope, metadata, outliving
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Container, VolumeMount


def claims(containers: Iterable[Container], scope: Scope, component: str, instance: str) -> list[Object]:
    """A claim for every volume of ours that the containers mount and nobody else does."""
    mounts = {mount.claim: mount for each in containers for mount in each.mounts if isinstance(mount, VolumeMount)}
    return [
        claim(mount, scope, component, instance) for mount in mounts.values() if not mount.shared and not mount.apart
    ]


def claim(mount: VolumeMount, scope: Scope, component: str, instance: str) -> Object:
    """The claim of one volume."""
    modes = ["ReadWriteMany" if mount.shared or mount.many else "ReadWriteOnce"]
    spec: Object = {"accessModes": modes, "resources": {"requests": {"storage": mount.size}}}
    if mount.storage_class:
        spec["storageClassName"] = mount.storage_class
    meta = metadata(scope, mount.claim, component, instance)
    if mount.retained:
        meta = outliving(meta)
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
