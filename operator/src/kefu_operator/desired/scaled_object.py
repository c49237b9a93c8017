"""ScaledObjects: KEDA as the owner of an engine's `replicas`.

Source of the fields: KEDA, "ScaledObject specification" and "Prometheus scaler". Every figure is a sum over the engine's pods,
whose target is that of one pod (`AverageValue`), so that KEDA and its HorizontalPodAutoscaler reckon alike.
"""

from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.scale_target import scale_target
from kefu_operator.desired.types import Object
from kefu_operator.plan.demand import Demand, EngineSignals
from kefu_operator.plan.scaler import Autoscaling
from kefu_operator.plan.workload import Workload
from kefu_operator.resources import SCALED_OBJECTS

POLLING_SECONDS = 5
"""How often KEDA looks whether an engine without pods is needed: a customer waits meanwhile."""
FAILURES = 3
"""After so many looks that Prometheus did not answer, the pods that are there stay, and `min` of them at least."""
NO_TARGET = "1000000"
"""Of a figure that says only whether the engine is needed: never a reason for a second pod."""


def scaled_object(workload: Workload, autoscaling: Autoscaling, scope: Scope) -> Object:
    """Between `minimum` and `maximum` while it is asked, and none at all once nobody has asked for long enough."""
    demand, signals = autoscaling.demand, autoscaling.signals
    if demand is None or signals is None:
        raise AssertionError("KEDA is chosen only for what is demanded")
    spec: Object = {
        "scaleTargetRef": scale_target(workload),
        "pollingInterval": POLLING_SECONDS,
        "minReplicaCount": demand.minimum,
        "maxReplicaCount": demand.maximum,
        "fallback": {"failureThreshold": FAILURES, "replicas": demand.minimum, "behavior": "currentReplicasIfHigher"},
        "triggers": _triggers(workload.name, scope.namespace, demand, signals, autoscaling.prometheus),
    }
    if demand.idle_seconds:
        # How long nobody has asked is what the last figure says; KEDA need not wait once more.
        spec |= {"idleReplicaCount": 0, "cooldownPeriod": 0, "initialCooldownPeriod": demand.idle_seconds}
    return {
        "apiVersion": SCALED_OBJECTS.api_version,
        "kind": SCALED_OBJECTS.kind,
        "metadata": metadata(scope, workload.name, workload.component),
        "spec": spec,
    }


def _triggers(name: str, namespace: str, demand: Demand, signals: EngineSignals, prometheus: str) -> list[Object]:
    pods = f'namespace="{namespace}",pod=~"{name}-.+"'
    gateways = f'namespace="{namespace}",engine="{name}"'
    held = f"sum(kefu_gateway_engine_held{{{gateways}}})"
    # A gateway that is not scraped leaves the figure empty, which is an error; an engine without pods is none.
    made = []
    if demand.queue_depth:
        waiting = f"(sum({signals.waiting}{{{pods}}}) or vector(0)) + {held}"
        made.append(_trigger("queue", waiting, str(demand.queue_depth), prometheus))
    if demand.cache_use and signals.cache_use:
        used = f"sum({signals.cache_use}{{{pods}}}) or vector(0)"
        made.append(_trigger("cache", used, demand.cache_use, prometheus))
    if demand.idle_seconds:
        idle = demand.idle_seconds
        asked = f"max(max_over_time(kefu_gateway_engine_asked_timestamp_seconds{{{gateways}}}[{idle}s]))"
        made.append(_trigger("asked", f"{asked} > bool (time() - {idle})", NO_TARGET, prometheus))
    return made


def _trigger(name: str, query: str, target: str, prometheus: str) -> Object:
    return {
        "type": "prometheus",
        "name": name,
        "metricType": "AverageValue",
        "metadata": {"serverAddress": prometheus, "query": query, "threshold": target, "ignoreNullValues": "false"},
    }
