"""Jobs: a task that runs to completion once."""

from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, pod_labels
from kefu_operator.desired.pod import pod_spec
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Task

PERMANENT_EXIT = 65
"""EX_DATAERR of sysexits: trying again with the same input is in vain."""


def job(task: Task, scope: Scope, images: Images) -> Object:
    """The Job; the last words of its pod, finished or failed, are its report."""
    spec = pod_spec(task.container, task.steps, images)
    spec["restartPolicy"] = "Never"
    spec["terminationGracePeriodSeconds"] = task.grace_seconds
    if task.node_selector:
        spec["nodeSelector"] = dict(task.node_selector)
    if task.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in task.tolerations]
    if task.beside:
        neighbour = {"matchLabels": {"app.kubernetes.io/instance": task.beside}}
        term = {"labelSelector": neighbour, "topologyKey": "kubernetes.io/hostname"}
        spec["affinity"] = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(scope, task.name, task.component),
        "spec": {
            "backoffLimit": task.retries,
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
                            "values": [PERMANENT_EXIT],
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
