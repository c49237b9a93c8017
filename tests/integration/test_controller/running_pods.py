"""A stand-in for kubelets where real controllers make the pods. No node holds these, so each goes once it is deleted."""

from typing import Any

from tests.integration.test_controller.cluster import Cluster, now

Object = dict[str, Any]


def engine_pods(cluster: Cluster) -> dict[str, Object]:
    """Pods of engines, by name."""
    return {each["metadata"]["name"]: each for each in cluster.all("pods", "kefu.dev/engine")}


def run_pods(cluster: Cluster) -> None:
    """Let the pods of engines run and be ready."""
    for name, pod in engine_pods(cluster).items():
        told = {each["type"]: each["status"] for each in pod["status"].get("conditions", ())}
        if "deletionTimestamp" not in pod["metadata"] and told.get("Ready") != "True":
            _tell(cluster, name, pod, restarts=0)


def restart_pod(cluster: Cluster, name: str) -> None:
    """Tell that the pod's containers ended and were started anew."""
    _tell(cluster, name, cluster.get("pod", name) or {}, restarts=1)


def crash_pod(cluster: Cluster, name: str, message: str) -> None:
    """Tell that the pod's engine ends as often as it is started, with these last words."""
    ended = {"exitCode": 1, "reason": "Error", "message": message, "startedAt": now(), "finishedAt": now()}
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 20s restarting failed container"}
    container = {"name": "engine", "image": "x", "imageID": "", "ready": False, "restartCount": 2,
                 "state": {"waiting": waiting}, "lastState": {"terminated": ended}}  # fmt: skip
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now()}
    cluster.patch_status("pod", name, {"phase": "Running", "conditions": [scheduled], "containerStatuses": [container]})


def _tell(cluster: Cluster, name: str, pod: Object, restarts: int) -> None:
    moment = {"status": "True", "lastTransitionTime": now()}
    conditions = [{"type": kind, **moment} for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
    containers = [
        {"name": each["name"], "image": each["image"], "imageID": "", "ready": True, "restartCount": restarts,
         "state": {"running": {"startedAt": now()}}}
        for each in pod["spec"]["containers"]
    ]  # fmt: skip
    cluster.patch_status("pod", name, {"phase": "Running", "conditions": conditions, "containerStatuses": containers})
