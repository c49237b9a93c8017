"""HorizontalPodAutoscalers: the owner of a gateway's `replicas`, and of an engine's where KEDA is not to be had."""

from kefu_api.kinds.types import amount
from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.scale_target import scale_target
from kefu_operator.desired.types import Object
from kefu_operator.plan.scaler import Autoscaling, How
from kefu_operator.plan.workload import Scaling, Workload

ENGINE_CPU = 80
"""Percent of the request. An engine on CPUs uses all that it gets as soon as it answers at all."""


def autoscaler(workload: Workload, scaling: Scaling, scope: Scope) -> Object:
    """Scaling on CPU, in percent of the request."""
    return _autoscaler(workload, scope, scaling.minimum, scaling.maximum, [_cpu(scaling.cpu_percent)])


def engine_autoscaler(workload: Workload, autoscaling: Autoscaling, scope: Scope) -> Object:
    """Scaling on the engine's own figures, else on CPU."""
    demand = autoscaling.demand
    if demand is None:
        raise AssertionError("an autoscaler is made only for what is demanded")
    metrics = [_cpu(ENGINE_CPU)] if autoscaling.how is How.CPU else [_of_pods(*each) for each in autoscaling.metrics]
    return _autoscaler(workload, scope, demand.minimum, demand.maximum, metrics)


def _autoscaler(workload: Workload, scope: Scope, minimum: int, maximum: int, metrics: list[Object]) -> Object:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": {
            "scaleTargetRef": scale_target(workload),
            "minReplicas": minimum,
            "maxReplicas": maximum,
            "metrics": metrics,
        },
    }


def _cpu(percent: int) -> Object:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _of_pods(name: str, target: str) -> Object:
    # As the API server writes quantities, which would else seem changed.
    value = amount(target)
    text = str(int(value)) if value == int(value) else f"{int(value * 1000)}m"
    return {
        "type": "Pods",
        "pods": {"metric": {"name": name}, "target": {"type": "AverageValue", "averageValue": text}},
    }
