"""Deployments: a workload that runs for good."""

from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, pod_labels, selector
from kefu_operator.desired.pod import pod_spec
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Workload

DRAIN_SECONDS = 5
"""How long a pod that is to stop goes on serving, until no proxy sends it anything new."""

START_SECONDS = 600
FETCH_SECONDS = 3600
"""Longest time without progress before the Deployment says so: to start, and to fetch weights first."""


def deployment(workload: Workload, scope: Scope, images: Images) -> Object:
    """The Deployment; `replicas` is left out where an autoscaler owns it."""
    matching = selector(workload.name, workload.component)
    spec: Object = {
        "selector": {"matchLabels": matching},
        "strategy": _strategy(workload),
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": _deadline(workload),
        "template": {
            "metadata": {"labels": pod_labels(scope, workload.name, workload.component)},
            "spec": _pod(workload, matching, images),
        },
    }
    if workload.scaling is None:
        spec["replicas"] = workload.replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": spec,
    }


def _pod(workload: Workload, matching: dict[str, str], images: Images) -> Object:
    spec = pod_spec(workload.container, workload.steps, images)
    spec["terminationGracePeriodSeconds"] = workload.grace_seconds
    if workload.node_selector:
        spec["nodeSelector"] = dict(workload.node_selector)
    if workload.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in workload.tolerations]
    if workload.scaling:
        spec["terminationGracePeriodSeconds"] += DRAIN_SECONDS
        spec["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}}
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": matching},
            }
        ]
    return spec


def _strategy(workload: Workload) -> Object:
    if workload.exclusive:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def _deadline(workload: Workload) -> int:
    startup = workload.container.startup
    loading = startup.period_seconds * startup.failures if startup else 0
    return loading + START_SECONDS + (FETCH_SECONDS if workload.steps else 0)
