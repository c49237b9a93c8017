"""HorizontalPodAutoscalers: the owner of a gateway's `replicas`."""

from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Scaling, Workload


def autoscaler(workload: Workload, scaling: Scaling, scope: Scope) -> Object:
    """Scaling on CPU, in percent of the request."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name},
            "minReplicas": scaling.minimum,
            "maxReplicas": scaling.maximum,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": scaling.cpu_percent},
                    },
                }
            ],
        },
    }
