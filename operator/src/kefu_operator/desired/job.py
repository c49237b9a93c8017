"""Jobs: a task that runs to completion once."""

from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, pod_labels, selector
from kefu_operator.desired.pod import HOST, pod_spec
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Task

PERMANENT_EXIT = 65
"""EX_DATAERR of sysexits: trying again with the same input is in vain."""
ANEW_EXIT = 70
"""EX_SOFTWARE: pods that do a task together must all begin anew."""


def job(task: Task, scope: Scope, images: Images) -> Object:
    """The Job; the last words of its pod, finished or failed, are its report."""
    spec = pod_spec(task.container, task.steps, images)
    spec["restartPolicy"] = "Never"
    spec["terminationGracePeriodSeconds"] = task.grace_seconds
    if task.node_selector:
        spec["nodeSelector"] = dict(task.node_selector)
    if task.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in task.tolerations]
    spec |= _where(task)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(scope, task.name, task.component),
        "spec": {
            **_attempts(task),
            "activeDeadlineSeconds": task.deadline_seconds,
            "podFailurePolicy": {
                "rules": [
                    # A drained node is not the task's failure.
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": task.container.name,
                            "operator": "In",
                            "values": [PERMANENT_EXIT, *((ANEW_EXIT,) if task.parallelism > 1 else ())],
                        },
                    },
                ]
            },
            "template": {
                "metadata": {"labels": pod_labels(scope, task.name, task.component, task.reach)},
                "spec": spec,
            },
        },
    }


def _attempts(task: Task) -> Object:
    """How often it is tried; of several pods each by itself, and the first that has no try left ends them all."""
    if task.parallelism == 1:
        return {"backoffLimit": task.retries}
    return {
        "completionMode": "Indexed",
        "completions": task.parallelism,
        "parallelism": task.parallelism,
        "backoffLimitPerIndex": task.retries,
        "maxFailedIndexes": 0,
    }


def _where(task: Task) -> Object:
    """Beside what holds its volume; several pods on one node where they share a volume, else apart as far as there is room."""
    if task.beside:
        return _on_the_node_of({"app.kubernetes.io/instance": task.beside})
    if task.parallelism == 1:
        return {}
    siblings = selector(task.name, task.component)
    if task.together:
        return _on_the_node_of(siblings)
    spread = {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": "ScheduleAnyway"}
    return {"topologySpreadConstraints": [{**spread, "labelSelector": {"matchLabels": siblings}}]}


def _on_the_node_of(labels: dict[str, str]) -> Object:
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": HOST}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
