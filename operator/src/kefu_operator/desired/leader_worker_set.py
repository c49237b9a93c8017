"""LeaderWorkerSets: groups of pods that live and die together, where the cluster knows them.

Source of the fields: kubernetes-sigs/lws, api/leaderworkerset/v1. Its controller makes a headless Service with the object's name, so
that this must not be the name of the engine's own Service.
"""

from kefu_operator.desired.group_pods import leader_template, worker_template
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.types import Object
from kefu_operator.plan.group import Group
from kefu_operator.plan.workload import Workload
from kefu_operator.resources import runner_of


def leader_worker_set(workload: Workload, group: Group, scope: Scope, images: Images) -> Object:
    """The groups of a workload; `replicas` is left out where an autoscaler owns it."""
    resource, name = runner_of(workload)
    spec: Object = {
        "leaderWorkerTemplate": {
            "size": group.size,
            # The containers see to it themselves that all begin anew. Made anew as pods, with every step that is tried again too,
            # they would begin without a pause, and what kept them from running would be gone before it could be read.
            "restartPolicy": "None",
            "leaderTemplate": leader_template(workload, scope, images),
            "workerTemplate": worker_template(workload, group, scope, images),
        },
        "startupPolicy": "LeaderCreated",
    }
    if not (workload.autoscaling and workload.autoscaling.owns_replicas):
        spec["replicas"] = workload.replicas
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata(scope, name, workload.component, workload.name),
        "spec": spec,
    }
