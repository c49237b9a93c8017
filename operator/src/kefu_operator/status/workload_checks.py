"""Checks of a workload: what runs its pods, and where that is not ready, the pod that keeps it from being so."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kefu_operator.desired.types import Object
from kefu_operator.errors import ApiError, Forbidden, NotOurs, Unadmitted
from kefu_operator.pods import PodView, is_older
from kefu_operator.resources import LEADER_WORKER_SETS
from kefu_operator.status.check import Check, Verdict, degraded, fail, ok, stuck, wait, worst
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

UPDATING = "UpdateInProgress"
"""Condition of a LeaderWorkerSet that has groups of an older template."""
START = timedelta(minutes=5)
"""So old is a pod at most that still starts, whatever happens to it that may heal: a cluster autoscaler takes minutes for a node."""


def check_workload(
    what: str, deployment: Object | None, pods: Sequence[PodView], now: datetime, refused: str = ""
) -> Check:
    """Whether what runs the workload's pods runs them as its newest spec says.

    Args:
        what: how messages call it, e.g. `the gateway`.
        deployment: it as it is, or the StatefulSet or LeaderWorkerSet in its place; None where it does not exist yet.
        pods: of this workload.
        now: the current time.
        refused: why it gets no pods, where only its events tell.
    """
    if deployment is None:
        return wait(Reason.CREATING, f"{what} is being created")
    if deployment["spec"].get("replicas") == 0:
        return fail(Reason.SCALED_TO_ZERO, f"{what} is scaled to zero: raise its replicas")
    available, wanted = available_pods(deployment), deployment["spec"].get("replicas", 1)
    leaves = [*([forbidden(refused)] if refused else []), *_leaves(deployment, pods)]
    if available and is_rolled_out(deployment):
        told = f"{what}: {available}/{wanted} pods are ready"
        return _running(
            told, leaves if available < wanted else (), [pod for pod in pods if not is_older(pod, START, now)]
        )
    if deployment["kind"] == LEADER_WORKER_SETS.kind and not deployment.get("status"):
        return wait(
            Reason.CREATING, f"{what} is being created by the controller of LeaderWorkerSets: look whether that runs"
        )
    return worst((*leaves, _progress(what, available, wanted)))


def check_refusals(refusals: Iterable[ApiError | NotOurs]) -> list[Check]:
    """What the API server would not let us write."""
    return [_refusal(refusal) for refusal in refusals]


def _refusal(refusal: ApiError | NotOurs) -> Check:
    if isinstance(refusal, NotOurs):
        return stuck(Reason.NAME_CONFLICT, str(refusal))
    if isinstance(refusal, Forbidden):
        return forbidden(str(refusal))
    if isinstance(refusal, Unadmitted):
        return wait(Reason.CREATING, f"an admission webhook does not answer: look whether its server runs ({refusal})")
    return stuck(Reason.REJECTED, f"the API server rejects an object: {refusal}")


def forbidden(message: str) -> Check:
    """Why the API server will not have something."""
    if "being terminated" in message:
        return wait(Reason.NAMESPACE_TERMINATING, f"the namespace is being deleted: {message}")
    if "custom resource definition is terminating" in message:
        return wait(Reason.CREATING, f"the kind of an object is being removed from the cluster: {message}")
    if "exceeded quota" in message or "must specify" in message:
        return stuck(Reason.QUOTA_EXCEEDED, f"the namespace's quota does not allow it: {message}")
    if "violates PodSecurity" in message or "admission" in message:
        return stuck(Reason.POD_REFUSED, f"an admission rule refuses it: {message}")
    return stuck(Reason.FORBIDDEN, f"the operator lacks a right: {message}")


def available_pods(deployment: Object) -> int:
    """How many pods, or groups, of what runs them answer."""
    status = deployment.get("status", {})
    # LeaderWorkerSets count groups that are ready, and none as available.
    told = "readyReplicas" if deployment["kind"] == LEADER_WORKER_SETS.kind else "availableReplicas"
    return int(status.get(told, 0))


def is_rolled_out(deployment: Object) -> bool:
    """Whether all pods are of the newest template: a rollout that old pods still answer for is not done."""
    status, generation = deployment.get("status", {}), deployment["metadata"]["generation"]
    # Older LeaderWorkerSets tell no generation.
    seen = status.get("observedGeneration", generation if deployment["kind"] == LEADER_WORKER_SETS.kind else None)
    current = seen == generation
    updated = status.get("updatedReplicas", 0) >= status.get("replicas", 0)
    return bool(current and (updated or _makes_groups_anew(deployment)))


def _makes_groups_anew(deployment: Object) -> bool:
    """Whether a LeaderWorkerSet lacks groups that it makes again as they were: meanwhile it counts them, and not as updated."""
    if deployment["kind"] != LEADER_WORKER_SETS.kind:
        return False
    conditions = {each["type"]: each["status"] for each in deployment.get("status", {}).get("conditions", ())}
    # Before 0.3 nothing tells a rollout from that.
    return "Progressing" in conditions and conditions.get(UPDATING) != "True"


def _running(told: str, leaves: Sequence[Check], young: Iterable[PodView]) -> Check:
    """It answers; told with what keeps the other pods from it, unless they merely start."""
    faults = [leaf for leaf in leaves if is_failing(leaf)]
    if not faults:
        return ok(Reason.RUNNING, told)
    start = [check_pod(pod) for pod in young]
    lasting = [fault for fault in faults if fault.verdict is Verdict.STUCK or fault not in start]
    leaf = worst(lasting or faults)
    message = f"{told}; {leaf.reason}: {leaf.message}"
    return degraded(Reason.DEGRADED, message) if lasting else ok(Reason.RUNNING, message)


def _leaves(deployment: Object, pods: Sequence[PodView]) -> list[Check]:
    found = [_replica_failure(deployment), *(check_pod(pod) for pod in pods if not pod.deleting)]
    return [check for check in found if check]


def _replica_failure(deployment: Object) -> Check | None:
    """Pods that are refused never come to be; only the Deployment tells."""
    conditions = deployment.get("status", {}).get("conditions", ())
    failure = next((found for found in conditions if found["type"] == "ReplicaFailure"), None)
    if failure is None or failure["status"] != "True":
        return None
    return forbidden(failure.get("message", ""))


def _progress(what: str, available: int, wanted: int) -> Check:
    reason = Reason.ROLLING_OUT if available else Reason.STARTING
    return wait(reason, f"{what}: {available}/{wanted} pods are ready")


def is_failing(check: Check) -> bool:
    """Whether the check names a fault rather than a wait."""
    return check.verdict >= Verdict.FAIL
