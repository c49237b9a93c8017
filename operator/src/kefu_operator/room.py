"""Whether there is room for one more pod of an engine while its pods are replaced.

Where there is, a new one answers before an old one goes. Where there is none, whether on a node, within the quota or for a volume that
one node at a time can mount, it is awaited for a while, for a node may be on its way; then each comes in the place of an old one, until
the last is replaced. Pure, and without memory: the Deployment itself tells that it has given way.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kefu_operator.desired.deployment import STRATEGIES
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Replaced
from kefu_operator.pods import PodView
from kefu_operator.rollout.machine import ROOM_SECONDS


def is_replacing(live: Object) -> bool:
    """Whether a Deployment has pods of an older template, or may have."""
    meta, status = live["metadata"], live.get("status", {})
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        return True
    return bool(status.get("replicas", 0) > status.get("updatedReplicas", 0))


def patience(live: Object, pods: Iterable[PodView], now: datetime) -> float | None:
    """Seconds for which room is still awaited, 0 where it was in vain; None where nothing waits for room.

    Args:
        live: a Deployment whose pods are being replaced.
        pods: its pods.
        now: the current time.
    """
    if live["spec"].get("strategy") == STRATEGIES[Replaced.IN_TURN]:
        return 0
    waiting = [pod.created for pod in pods if (pod.unschedulable or pod.creating) and pod.created and not pod.deleting]
    waiting += [each["lastTransitionTime"] for each in live.get("status", {}).get("conditions", ()) if _is_quota(each)]
    if not waiting:
        return None
    end = min(datetime.fromisoformat(each) for each in waiting) + timedelta(seconds=ROOM_SECONDS)
    return max(0, (end - now).total_seconds())


def _is_quota(condition: Object) -> bool:
    # Whatever else keeps pods from being made would keep those in the place of old ones from it, too.
    failed = condition["type"] == "ReplicaFailure" and condition["status"] == "True"
    return failed and "exceeded quota" in condition.get("message", "")
