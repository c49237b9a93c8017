"""PodDisruptionBudgets: a drained node takes gateways one by one."""

from kefu_operator.desired.metadata import Scope, metadata, selector
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Workload


def disruption_budget(workload: Workload, scope: Scope) -> Object:
    """At most one pod away at a time; unlike `minAvailable`, this never blocks a drain for good."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(workload.name, workload.component)},
        },
    }
