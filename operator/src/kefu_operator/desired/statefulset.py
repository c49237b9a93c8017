"""StatefulSets: a workload of which no two pods may ever hold its volume, not even while a node is away."""

from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, pod_labels, selector
from kefu_operator.desired.pod import long_running
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Workload


def stateful_set(workload: Workload, scope: Scope, images: Images) -> Object:
    """The StatefulSet; its volume is a claim of its own, so that its policy is ours."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": {
            "serviceName": workload.name,
            "replicas": workload.replicas,
            "selector": {"matchLabels": selector(workload.name, workload.component)},
            "revisionHistoryLimit": 3,
            "template": {
                "metadata": {"labels": pod_labels(scope, workload.name, workload.component, workload.reach)},
                "spec": long_running(workload, images),
            },
        },
    }
