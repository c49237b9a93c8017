"""Pod specs, under the Pod Security Standard `restricted`."""

from kefu_operator.desired.container import container
from kefu_operator.desired.images import Images
from kefu_operator.desired.types import Object
from kefu_operator.desired.volumes import volumes
from kefu_operator.plan.workload import Container

USER = 10001
"""User and group of every image of ours; volumes are given to this group."""


def pod_spec(main: Container, steps: tuple[Container, ...], images: Images) -> Object:
    """What every pod of ours has."""
    spec: Object = {
        "containers": [container(main, images)],
        "volumes": volumes((*steps, main)),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if steps:
        spec["initContainers"] = [container(step, images) for step in steps]
    if images.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in images.pull_secrets]
    return spec
