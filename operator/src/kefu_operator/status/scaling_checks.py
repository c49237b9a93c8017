"""The checks behind ScalingActive and GatewayScalingActive: who scales the engine and the gateway, and where nobody does, what is missing."""

from kefu_operator.desired.types import Object
from kefu_operator.kinds import Kinds
from kefu_operator.plan.scaler import Autoscaling, How, Lack
from kefu_operator.plan.workload import Scaling
from kefu_operator.resources import POD_METRICS, SCALED_OBJECTS, resource_of
from kefu_operator.status.check import Check, fail, ok, wait
from kefu_operator.status.reasons import Reason

LACKS = {
    Lack.KEDA: "KEDA is not installed",
    Lack.PROMETHEUS: "no Prometheus is named (chart value prometheus.url)",
}
REASONS = {Lack.KEDA: Reason.KEDA_NOT_INSTALLED, Lack.PROMETHEUS: Reason.PROMETHEUS_NOT_NAMED}


def check_scaling(engine: str, decided: Autoscaling, scaler: Object | None, deployment: Object | None) -> Check:
    """Judge.

    Args:
        engine: its name.
        decided: who is to scale it.
        scaler: the ScaledObject or HorizontalPodAutoscaler that is there.
        deployment: of the engine.
    """
    if decided.how is How.RIVAL:
        return fail(
            Reason.SCALED_BY_OTHERS,
            f"HorizontalPodAutoscaler {decided.rival} scales engine {engine} and is not Kefu's: delete it, or remove"
            " spec.scaling.engine",
        )
    if decided.lack is Lack.LEADER_WORKER_SET:
        count = (deployment or {}).get("spec", {}).get("replicas", 0)
        return fail(
            Reason.LEADER_WORKER_SET_NOT_INSTALLED,
            f"nothing scales engine {engine}, which has {count} groups of pods (spec.engine.replicas, within the bounds of"
            " spec.scaling.engine): what lies over several nodes can be scaled as a LeaderWorkerSet alone, which is not"
            " installed",
        )
    lack = LACKS[decided.lack] if decided.lack else ""
    if decided.how is How.FIXED and decided.lack:
        count = (deployment or {}).get("spec", {}).get("replicas", 0)
        return fail(
            REASONS[decided.lack],
            f"nothing scales engine {engine}, which has {count} pods (spec.engine.replicas, within the bounds of"
            f" spec.scaling.engine): {lack}, and no metrics API tells how busy it is",
        )
    if scaler is None or decided.how is How.CHANGING or _is_keda(scaler) != (decided.how is How.KEDA):
        return wait(Reason.CREATING, f"the scaler of engine {engine} is being made")
    if decided.how is How.KEDA:
        return _keda(engine, scaler)
    spec = scaler["spec"]
    by = "CPU" if decided.how is How.CPU else "its own figures"
    zero = ", and it never goes to zero" if decided.demand and decided.demand.idle_seconds else ""
    return ok(
        Reason.SCALED_BY_HPA,
        f"a HorizontalPodAutoscaler scales engine {engine} from {spec['minReplicas']} to {spec['maxReplicas']} pods by {by},"
        f" because {lack}{zero}",
    )


def check_gateway_scaling(scaling: Scaling, scaler: Object | None, kinds: Kinds) -> Check | None:
    """Judge; None where the gateway has a fixed number of pods.

    Nothing of it changes with the number of pods: it is no reason to write a status.

    Args:
        scaling: its bounds.
        scaler: the HorizontalPodAutoscaler that is there.
        kinds: what the cluster has.
    """
    least, most = scaling.minimum, scaling.maximum
    if least == most:
        return None
    if not kinds.has(POD_METRICS):
        return fail(
            Reason.METRICS_SERVER_NOT_INSTALLED,
            f"nothing scales the gateway, which stays at the pods that it has, {least} or more, of up to {most}"
            f" (spec.scaling.gateway): no metrics API ({POD_METRICS.api_version}) tells how busy they are; install metrics-server",
        )
    if scaler is None:
        return wait(Reason.CREATING, "the HorizontalPodAutoscaler of the gateway is being made")
    return ok(Reason.SCALED_BY_HPA, f"a HorizontalPodAutoscaler scales the gateway from {least} to {most} pods by CPU")


def is_asleep(deployment: Object | None, scaler: Object | None) -> bool:
    """Whether the engine has no pods because nobody has asked for a while."""
    return bool(
        deployment
        and deployment["spec"].get("replicas") == 0
        and scaler
        and _is_keda(scaler)
        and scaler["spec"].get("idleReplicaCount") == 0
    )


def _keda(engine: str, scaler: Object) -> Check:
    told = {each["type"]: each for each in (scaler.get("status") or {}).get("conditions", ())}
    ready, fallback = told.get("Ready", {}), told.get("Fallback", {})
    if ready.get("status") == "False":
        return fail(
            Reason.SCALER_FAILING,
            f"KEDA cannot scale engine {engine}: {ready.get('reason', '')}: {ready.get('message', '')}",
        )
    if fallback.get("status") == "True":
        return fail(
            Reason.SCALER_FAILING,
            f"KEDA keeps the pods of engine {engine} that there are, because Prometheus does not tell its figures: see"
            f" `kubectl describe scaledobject {engine}`",
        )
    spec = scaler["spec"]
    zero = "to zero, and " if spec.get("idleReplicaCount") == 0 else ""
    return ok(
        Reason.SCALED_BY_KEDA,
        f"KEDA scales engine {engine} {zero}from {spec['minReplicaCount']} to {spec['maxReplicaCount']} pods",
    )


def _is_keda(scaler: Object) -> bool:
    return resource_of(scaler) is SCALED_OBJECTS
