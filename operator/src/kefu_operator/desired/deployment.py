"""Deployments: a workload that runs for good."""

from collections.abc import Mapping

from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, pod_labels, selector
from kefu_operator.desired.pod import long_running
from kefu_operator.desired.scraping import scraping
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Replaced, Workload

START_SECONDS = 600
FETCH_SECONDS = 3600
"""Longest time without progress before the Deployment says so: to start, and to fetch weights first."""

STRATEGIES: Mapping[Replaced, Object] = {
    Replaced.AHEAD: {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    Replaced.IN_TURN: {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    Replaced.WITH_ROOM: {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    Replaced.TOGETHER: {"type": "Recreate"},
}


def deployment(workload: Workload, scope: Scope, images: Images) -> Object:
    """The Deployment; `replicas` is left out where an autoscaler owns it."""
    matching = selector(workload.name, workload.component)
    spec: Object = {
        "selector": {"matchLabels": matching},
        "strategy": dict(STRATEGIES[_replaced(workload)]),
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": _deadline(workload),
        "template": {"metadata": pod_metadata(workload, scope), "spec": long_running(workload, images)},
    }
    if workload.scaling is None and not (workload.autoscaling and workload.autoscaling.owns_replicas):
        spec["replicas"] = workload.replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": spec,
    }


def pod_metadata(workload: Workload, scope: Scope) -> Object:
    """Labels and annotations of the pods that answer."""
    meta: Object = {"labels": pod_labels(scope, workload.name, workload.component, workload.reach)}
    if workload.metrics:
        meta["annotations"] = scraping(workload.metrics)
    return meta


def _replaced(workload: Workload) -> Replaced:
    return Replaced.IN_TURN if workload.cramped and workload.replaced is Replaced.WITH_ROOM else workload.replaced


def _deadline(workload: Workload) -> int:
    startup = workload.container.startup
    loading = startup.period_seconds * startup.failures if startup else 0
    return loading + START_SECONDS + (FETCH_SECONDS if workload.steps else 0)
