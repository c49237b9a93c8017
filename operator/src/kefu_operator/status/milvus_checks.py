"""The checks of a managed store: the Milvus object as the Milvus operator tells of it, or what stands in for it."""

import re

from kefu_operator.desired.types import Object
from kefu_operator.status.check import Check, Verdict, fail, ok, stuck, wait
from kefu_operator.status.reasons import Reason

LIMIT = "it is one process that holds some hundred thousand chunks and is away while its pod is moved"
LEAVES = ("EtcdReady", "StorageReady", "MsgStreamReady", "MilvusReady")
"""Conditions of a Milvus object, each needed by the next."""
MAKERS = {"EtcdReady": "statefulset {}-etcd", "StorageReady": "deployment {}-minio"}
"""What makes the pods of a leaf, and is told where a namespace refuses them; the Milvus operator says only that nobody answers."""
POD_REASONS = (
    Reason.IMAGE_PULL_FAILED,
    Reason.CRASH_LOOP,
    Reason.OUT_OF_MEMORY,
    Reason.UNSCHEDULABLE,
)
"""What the Milvus operator's messages quote of a pod's status, and time will not mend."""
PULL_ERROR = "ErrImagePull"
RESTARTS = re.compile(r"restartCount\[(\d+)\]")
"""What they say of a container that ended, in the place of its state; see milvus-operator, `pkg/controllers/error_detail.go`."""
MANY_RESTARTS = 3
"""A Milvus may end once or twice before its etcd and its object storage are there."""
MAX_LEAF = 600


def check_fallback(store: Check, *, served: bool) -> Check:
    """What an index has in place of a Milvus, and how it gets one; `store`: how the embedded one is."""
    if store.verdict is not Verdict.OK:
        return store
    ask = "set spec.store.managed.fallback to Wait, and the index is built anew in a Milvus"
    remedy = f"it is installed by now: {ask}" if served else f"install it, then {ask}"
    return ok(
        Reason.EMBEDDED_STANDS_IN,
        f"a Milvus Lite keeps the vectors, because the Milvus operator was not installed; {LIMIT}; {remedy}",
    )


def check_milvus(name: str, live: Object | None, *, served: bool) -> Check:
    """How the Milvus of an index is.

    Args:
        name: of the Milvus object.
        live: the object; None where there is none.
        served: whether the API server has its kind.
    """
    if not served:
        return stuck(
            Reason.MILVUS_OPERATOR_NOT_INSTALLED,
            f"Milvus {name} cannot be made, because the API server has no Milvus kind (milvus.io/v1beta1): install the Milvus"
            " operator, or choose another spec.store",
        )
    if live is None:
        return wait(Reason.CREATING, f"Milvus {name} is being created")
    if "deletionTimestamp" in live["metadata"]:
        held = ", ".join(live["metadata"].get("finalizers", ())) or "nothing"
        return wait(
            Reason.CREATING, f"Milvus {name} is being deleted and is made anew when it is gone; it is held by {held}"
        )
    status = live.get("status") or {}
    told = status.get("status")
    if not told or status.get("observedGeneration", live["metadata"]["generation"]) < live["metadata"]["generation"]:
        return wait(
            Reason.STARTING,
            f"Milvus {name} waits for the Milvus operator: if it goes on, see whether that runs and watches this namespace",
        )
    if told == "Healthy":
        return ok(Reason.RUNNING, f"Milvus {name} is healthy")
    if told == "Stopped":
        return stuck(Reason.SCALED_TO_ZERO, f"Milvus {name} is stopped: raise its replicas")
    return _leaf(name, told, status)


def _leaf(name: str, told: str, status: Object) -> Check:
    """The first part that is not ready: those after it wait for it."""
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    failing = next((conditions[leaf] for leaf in LEAVES if conditions.get(leaf, {}).get("status") == "False"), None)
    if failing is None:
        return wait(Reason.STARTING, f"Milvus {name} is {told.lower()}")
    said = failing.get("message", "")[:MAX_LEAF]
    message = f"Milvus {name} is {told.lower()}: {failing['type']} is False: {failing.get('reason', '')}: {said}"
    if maker := MAKERS.get(failing["type"]):
        message += f"; `kubectl describe {maker.format(name)}` tells whether its pod is refused"
    if reason := _pod_reason(said):
        return fail(reason, message)
    return wait(Reason.STARTING, message) if told == "Pending" else fail(Reason.MILVUS_UNHEALTHY, message)


def _pod_reason(said: str) -> Reason | None:
    """What the Milvus operator's message tells of a pod, where time will not mend it."""
    quoted = said.replace(PULL_ERROR, Reason.IMAGE_PULL_FAILED)
    found = next((reason for reason in POD_REASONS if reason in quoted), None)
    restarts = RESTARTS.search(said)
    return Reason.CRASH_LOOP if found is None and restarts and int(restarts[1]) >= MANY_RESTARTS else found
