"""The pods of groups, whatever runs them: a leader that answers, and workers."""

from dataclasses import replace

from kefu_operator.desired.deployment import pod_metadata
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, instance, pod_labels
from kefu_operator.desired.pod import long_running
from kefu_operator.desired.types import Object
from kefu_operator.plan.group import WORKER_SUFFIX, Group
from kefu_operator.plan.workload import Workload


def leader_template(workload: Workload, scope: Scope, images: Images) -> Object:
    """Of a group's first pod, which the Service finds."""
    return {"metadata": pod_metadata(workload, scope), "spec": _spread(long_running(workload, images), workload)}


def worker_template(workload: Workload, group: Group, scope: Scope, images: Images) -> Object:
    """Of its other pods, which are of another component, so that nobody calls them."""
    working = replace(workload, container=group.worker, drain=group.drain, companions=group.companions)
    labels = pod_labels(scope, workload.name, worker_component(workload), workload.reach)
    return {"metadata": {"labels": labels}, "spec": _spread(long_running(working, images), workload)}


def worker_component(workload: Workload) -> str:
    """Component of the pods that do not answer."""
    return f"{workload.component}{WORKER_SUFFIX}"


def _spread(spec: Object, workload: Workload) -> Object:
    """Over nodes, as far as there are enough that have room."""
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": instance(workload.name)},
    }
    return {**spec, "topologySpreadConstraints": [constraint]}
