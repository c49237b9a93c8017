"""Who decides how many pods, or groups of pods, an engine has: KEDA where it is, else a HorizontalPodAutoscaler, else nobody.

Pure: from what is demanded and which kinds the cluster has. Whoever decides owns the `replicas` of what runs them; there is never
more than one, and where somebody else has put an autoscaler of their own on the engine, Kefu stands back.
"""

from kefu_operator.kinds import Kinds
from kefu_operator.plan.demand import Demand, EngineSignals
from kefu_operator.plan.scaler import Autoscaling, How, Lack
from kefu_operator.resources import CUSTOM_METRICS, LEADER_WORKER_SETS, POD_METRICS, SCALED_OBJECTS


def autoscale(
    demand: Demand,
    signals: EngineSignals,
    kinds: Kinds,
    prometheus: str | None,
    *,
    accelerated: bool,
    grouped: bool = False,
) -> Autoscaling:
    """Choose.

    Args:
        demand: of all chatbots that share the engine.
        signals: what the engine calls its figures.
        kinds: what the cluster has.
        prometheus: the Prometheus that scrapes engines and gateways; None where there is none.
        accelerated: whether the engine computes on accelerators, so that its use of CPU tells nothing of its load.
        grouped: whether several pods are one server; a StatefulSet of leaders that grew would lack their workers.
    """
    if grouped and not kinds.has(LEADER_WORKER_SETS):
        return Autoscaling(How.FIXED, demand, signals, lack=Lack.LEADER_WORKER_SET)
    lack = Lack.KEDA if not kinds.has(SCALED_OBJECTS) else Lack.PROMETHEUS if not prometheus else None
    if lack is None:
        return Autoscaling(How.KEDA, demand, signals, prometheus=prometheus or "")
    metrics = _offered(demand, signals, kinds.names(CUSTOM_METRICS))
    if metrics:
        return Autoscaling(How.METRICS, demand, signals, metrics=metrics, lack=lack)
    if kinds.has(POD_METRICS) and not accelerated:
        return Autoscaling(How.CPU, demand, signals, lack=lack)
    return Autoscaling(How.FIXED, demand, signals, lack=lack)


def fixed(demand: Demand, replicas: int) -> int:
    """How many pods an engine has that nobody scales: as many as are asked for, within the bounds."""
    return min(max(replicas, demand.minimum), demand.maximum)


def _offered(demand: Demand, signals: EngineSignals, names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Those of the wanted figures that an adapter offers, under their own name or with `_` for `:`."""
    wanted = ((signals.waiting, demand.queue_depth), (signals.cache_use, demand.cache_use))
    found = []
    for name, target in wanted:
        if name is None or target is None:
            continue
        offered = next((each for each in (name, name.replace(":", "_")) if f"pods/{each}" in names), None)
        if offered:
            found.append((offered, str(target)))
    return tuple(found)
