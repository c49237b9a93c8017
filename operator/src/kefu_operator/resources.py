"""The kinds that the operator reads and writes, and where the API server keeps them.

A fixed table instead of discovery: the operator's rights are fixed too, and discovery would read hundreds of kinds.
"""

from dataclasses import dataclass

from kefu_api import API_VERSION
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.plan.group import Way
from kefu_operator.plan.workload import Workload


@dataclass(frozen=True)
class Resource:
    """One kind."""

    api_version: str
    kind: str
    plural: str

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """Path of the collection, an object or a subresource; None as namespace means all of them."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        parts = [root, *(["namespaces", namespace] if namespace else []), self.plural, name, subresource]
        return "/".join(part for part in parts if part)


CHATBOTS = Resource(API_VERSION, "ChatbotDeployment", "chatbotdeployments")
INDEXES = Resource(API_VERSION, "KnowledgeIndex", "knowledgeindexes")
DEPLOYMENTS = Resource("apps/v1", "Deployment", "deployments")
STATEFUL_SETS = Resource("apps/v1", "StatefulSet", "statefulsets")
SERVICES = Resource("v1", "Service", "services")
CONFIG_MAPS = Resource("v1", "ConfigMap", "configmaps")
CLAIMS = Resource("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
SECRETS = Resource("v1", "Secret", "secrets")
REVISIONS = Resource("apps/v1", "ControllerRevision", "controllerrevisions")
JOBS = Resource("batch/v1", "Job", "jobs")
AUTOSCALERS = Resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
DISRUPTION_BUDGETS = Resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
SCALED_OBJECTS = Resource("keda.sh/v1alpha1", "ScaledObject", "scaledobjects")
"""KEDA's; there only where KEDA is."""
MILVUSES = Resource("milvus.io/v1beta1", "Milvus", "milvuses")
"""The Milvus operator's; there only where it is installed."""
LEADER_WORKER_SETS = Resource("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "leaderworkersets")
"""Of the Kubernetes project of that name; there only where it is installed."""
NETWORK_POLICIES = Resource("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
PODS = Resource("v1", "Pod", "pods")
EVENTS = Resource("v1", "Event", "events")
LEASES = Resource("coordination.k8s.io/v1", "Lease", "leases")
POD_METRICS = Resource("metrics.k8s.io/v1beta1", "PodMetrics", "pods")
"""Served by metrics-server; read by HorizontalPodAutoscalers alone."""
CUSTOM_METRICS = "custom.metrics.k8s.io/v1beta1"
"""Served by an adapter to Prometheus; its resources are called `pods/METRIC`."""

ALL = (
    CHATBOTS, INDEXES, DEPLOYMENTS, STATEFUL_SETS, SERVICES, CONFIG_MAPS, CLAIMS, SECRETS, JOBS, AUTOSCALERS, DISRUPTION_BUDGETS,
    PODS, EVENTS, NETWORK_POLICIES, REVISIONS,
)  # fmt: skip
_BY_KIND = {
    (resource.api_version, resource.kind): resource for resource in (*ALL, SCALED_OBJECTS, MILVUSES, LEADER_WORKER_SETS)
}


def resource_of(found: Object) -> Resource:
    """The resource of an object.

    Raises:
        KeyError: a kind that the operator never handles.
    """
    return _BY_KIND[found["apiVersion"], found["kind"]]


def part_of(found: Object, **parts: object) -> Object:
    """What to apply of this very object; the uid keeps one that is gone from being made again."""
    meta = found["metadata"]
    identity = {name: meta[name] for name in ("name", "namespace", "uid")}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": identity, **parts}


def kind_of(workload: Workload) -> Resource:
    """What runs a workload's pods; of groups, their leaders."""
    if workload.group:
        return LEADER_WORKER_SETS if workload.group.way is Way.LEADER_WORKER_SET else STATEFUL_SETS
    return STATEFUL_SETS if workload.stateful else DEPLOYMENTS


def runner_of(workload: Workload) -> tuple[Resource, str]:
    """Kind and name of what runs a workload's pods."""
    resource = kind_of(workload)
    if workload.group is None:
        return resource, workload.name
    return resource, (naming.group if resource is LEADER_WORKER_SETS else naming.nodes)(workload.name)
