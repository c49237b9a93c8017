"""PodDisruptionBudgets: a drained node takes the pods of a gateway or an engine one by one."""

from kefu_operator.desired.metadata import Scope, metadata, selector
from kefu_operator.desired.types import Object
from kefu_operator.plan.scaler import How
from kefu_operator.plan.workload import Workload


def has_budget(workload: Workload) -> bool:
    """Whether a workload has several pods, or one that must not be taken for another's.

    An engine's one pod has none: it would keep nobody, and a thousand chatbots would mean a thousand objects. Nor have groups, of which each
    pod takes the others with it, so that a number of pods says nothing.
    """
    if workload.scaling or workload.stateful:
        return True
    if workload.group:
        return False
    decided = workload.autoscaling
    if decided and decided.owns_replicas:
        return decided.how is How.RIVAL or decided.demand is None or decided.demand.maximum > 1
    return workload.replicas > 1


def disruption_budget(workload: Workload, scope: Scope) -> Object:
    """At most one pod away at a time; unlike `minAvailable`, this never blocks a drain for good.

    Pods that are not ready may go at any time: a number of those that never become ready would hold a drain up for ever.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(workload.name, workload.component)},
        },
    }
