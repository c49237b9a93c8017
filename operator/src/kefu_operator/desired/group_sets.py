"""Groups without LeaderWorkerSets: a StatefulSet of all leaders, and one of each leader's workers, as that would make them.

The number of groups is ours alone: workers are made for as many leaders as there are to be.
"""

from kefu_operator import naming
from kefu_operator.desired.group_pods import leader_template, worker_component, worker_template
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, instance, metadata, selector
from kefu_operator.desired.types import Object
from kefu_operator.plan.group import LEADER_ADDRESS, WORKER_INDEX, Group
from kefu_operator.plan.workload import Workload

POD_NAME = "POD_NAME"
POD_INDEX = "metadata.labels['apps.kubernetes.io/pod-index']"
"""Set by Kubernetes from 1.28 on."""


def group_sets(workload: Workload, group: Group, scope: Scope, images: Images) -> list[Object]:
    """The headless Service by which pods find their leader, and the StatefulSets."""
    return [
        _addresses(workload, scope),
        _leaders(workload, scope, images),
        *(_workers(workload, group, number, scope, images) for number in range(workload.replicas)),
    ]


def _addresses(workload: Workload, scope: Scope) -> Object:
    """Names of the pods, also of those that are not ready: a leader is not until its workers have found it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(scope, naming.nodes(workload.name), workload.component, workload.name),
        "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": instance(workload.name)},
    }


def _leaders(workload: Workload, scope: Scope, images: Images) -> Object:
    template = leader_template(workload, scope, images)
    own: Object = {"name": POD_NAME, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    _tell(template, [own, _leader(f"$({POD_NAME})", workload, scope), {"name": WORKER_INDEX, "value": "0"}])
    return _set(workload, naming.nodes(workload.name), workload.component, workload.replicas, template, scope)


def _workers(workload: Workload, group: Group, number: int, scope: Scope, images: Images) -> Object:
    name, component = naming.workers(workload.name, number), worker_component(workload)
    template = worker_template(workload, group, scope, images)
    index: Object = {"name": WORKER_INDEX, "valueFrom": {"fieldRef": {"fieldPath": POD_INDEX}}}
    _tell(template, [_leader(name, workload, scope), index])
    # Two StatefulSets never take each other's pods for theirs.
    template["metadata"]["labels"][naming.SERVER] = str(number)
    made = _set(workload, name, component, group.size - 1, template, scope)
    made["spec"]["ordinals"] = {"start": 1}
    made["spec"]["selector"]["matchLabels"][naming.SERVER] = str(number)
    return made


def _set(workload: Workload, name: str, component: str, pods: int, template: Object, scope: Scope) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(scope, name, component, workload.name),
        "spec": {
            "serviceName": naming.nodes(workload.name),
            "replicas": pods,
            # They wait for one another.
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": selector(workload.name, component)},
            "revisionHistoryLimit": 3,
            "template": template,
        },
    }


def _leader(pod: str, workload: Workload, scope: Scope) -> Object:
    return {"name": LEADER_ADDRESS, "value": f"{pod}.{naming.nodes(workload.name)}.{scope.namespace}"}


def _tell(template: Object, told: list[Object]) -> None:
    """In front of all other variables, which may name these."""
    for each in template["spec"]["containers"]:
        each["env"] = [*told, *each.get("env", ())]
