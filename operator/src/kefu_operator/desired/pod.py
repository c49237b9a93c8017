"""Pod specs, under the Pod Security Standard `restricted`."""

from kefu_operator.desired.container import container
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import selector
from kefu_operator.desired.types import Object
from kefu_operator.desired.volumes import volumes
from kefu_operator.plan.workload import Container, Replaced, VolumeMount, Workload

HOST = "kubernetes.io/hostname"

USER = 10001
"""User and group of every image of ours; volumes are given to this group."""

DRAIN_SECONDS = 5
"""How long a pod that is to stop goes on serving, until no proxy sends it anything new."""


def pod_spec(
    main: Container, steps: tuple[Container, ...], images: Images, companions: tuple[Container, ...] = ()
) -> Object:
    """What every pod of ours has."""
    spec: Object = {
        "containers": [container(each, images) for each in (main, *companions)],
        "volumes": volumes((*steps, main, *companions)),
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


def long_running(workload: Workload, images: Images) -> Object:
    """The pod of a workload that runs for good."""
    spec = pod_spec(workload.container, workload.steps, images, workload.companions)
    spec["terminationGracePeriodSeconds"] = workload.grace_seconds
    if workload.node_selector:
        spec["nodeSelector"] = dict(workload.node_selector)
    if workload.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in workload.tolerations]
    if workload.replaced is Replaced.WITH_ROOM and _has_own_volume(workload):
        spec["affinity"] = _near_its_own(workload)
    if workload.drain:
        spec["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": list(workload.drain)}}}
    if workload.scaling:
        spec["terminationGracePeriodSeconds"] += DRAIN_SECONDS
        spec["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}}
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": HOST,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(workload.name, workload.component)},
            }
        ]
    return spec


def _has_own_volume(workload: Workload) -> bool:
    """One that a single node at a time can mount."""
    mounts = (mount for each in (workload.container, *workload.steps) for mount in each.mounts)
    return any(isinstance(mount, VolumeMount) and not mount.shared for mount in mounts)


def _near_its_own(workload: Workload) -> Object:
    """A new pod shares the volume with the old one on one node; only preferred, for the old one's node may be lost."""
    term = {"labelSelector": {"matchLabels": selector(workload.name, workload.component)}, "topologyKey": HOST}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
