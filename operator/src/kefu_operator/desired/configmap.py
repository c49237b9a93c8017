"""ConfigMaps: the documents that services follow."""

from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Container, DocumentMount


def config_maps(container: Container, scope: Scope, component: str, instance: str) -> list[Object]:
    """A ConfigMap for every document that the container mounts.

    Pods carry no checksum of them: services follow a changed document without a restart.
    """
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(scope, mount.config_map, component, instance),
            "data": dict(mount.files),
        }
        for mount in container.mounts
        if isinstance(mount, DocumentMount)
    ]
