"""Volumes of a pod, and how its containers mount them."""

from collections.abc import Iterable

from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import (
    CacheMount,
    ClaimMount,
    ConfigMapMount,
    Container,
    DocumentMount,
    ImageMount,
    Mount,
    ScratchMount,
    SecretMount,
    VolumeMount,
)

SECRET_MODE = 0o440
"""Readable by the pod's group alone."""

TMP: Object = {"name": "tmp", "emptyDir": {}}
TMP_MOUNT: Object = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - the pod's own, since its root is read-only


def volumes(containers: Iterable[Container]) -> list[Object]:
    """Every volume that the containers mount, once, and a writable /tmp."""
    by_name = {mount.name: volume(mount) for container in containers for mount in container.mounts}
    return [*by_name.values(), TMP]


def volume_mounts(container: Container) -> list[Object]:
    """Where one container sees its volumes."""
    return [_mounted(mount) for mount in container.mounts] + [TMP_MOUNT]


def volume(mount: Mount) -> Object:
    """The volume behind a mount.

    Raises:
        TypeError: a mount of a type that pods have no volume for.
    """
    match mount:
        case DocumentMount(config_map=name) | ConfigMapMount(config_map=name):
            return {"name": mount.name, "configMap": {"name": name}}
        case SecretMount(secret=name, key=key, optional=optional):
            secret: Object = {"secretName": name, "defaultMode": SECRET_MODE}
            if key:
                secret["items"] = [{"key": key, "path": key}]
            if optional:
                secret["optional"] = True
            return {"name": mount.name, "secret": secret}
        case VolumeMount(claim=claim):
            return {"name": mount.name, "persistentVolumeClaim": {"claimName": claim}}
        case ClaimMount(claim=claim):
            return {"name": mount.name, "persistentVolumeClaim": {"claimName": claim, "readOnly": True}}
        case ImageMount(reference=reference):
            return {"name": mount.name, "image": {"reference": reference}}
        case CacheMount(size=size):
            return {"name": mount.name, "emptyDir": {"sizeLimit": size}}
        case ScratchMount(in_memory=in_memory):
            return {"name": mount.name, "emptyDir": {"medium": "Memory"} if in_memory else {}}
        case _:
            raise TypeError(f"no volume is known for {type(mount).__name__}")


def _mounted(mount: Mount) -> Object:
    writable = isinstance(mount, VolumeMount | ScratchMount | CacheMount)
    if isinstance(mount, VolumeMount) and mount.read_only:
        writable = False
    seen: Object = {"name": mount.name, "mountPath": mount.path}
    return seen if writable else {**seen, "readOnly": True}
