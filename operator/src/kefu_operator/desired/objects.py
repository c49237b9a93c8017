"""From plans to the ordered list of objects: what others mount comes before what mounts it."""

from collections.abc import Callable
from dataclasses import replace

from kefu_operator import naming
from kefu_operator.desired.autoscaler import autoscaler, engine_autoscaler
from kefu_operator.desired.claim import claim, claims
from kefu_operator.desired.configmap import config_maps
from kefu_operator.desired.deployment import deployment
from kefu_operator.desired.disruption import disruption_budget, has_budget
from kefu_operator.desired.group_sets import group_sets
from kefu_operator.desired.images import Images
from kefu_operator.desired.job import job
from kefu_operator.desired.leader_worker_set import leader_worker_set
from kefu_operator.desired.metadata import Scope, owned_by_volume
from kefu_operator.desired.milvus import milvus_objects
from kefu_operator.desired.network import Network
from kefu_operator.desired.network_policy import tasks_policy, workload_policy
from kefu_operator.desired.scaled_object import scaled_object
from kefu_operator.desired.secret import generated_secret
from kefu_operator.desired.service import service
from kefu_operator.desired.statefulset import stateful_set
from kefu_operator.desired.types import Object
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.group import Way
from kefu_operator.plan.knowledge.plan import KnowledgePlan
from kefu_operator.plan.knowledge.tasks import COMPONENT as INGESTION
from kefu_operator.plan.scaler import How
from kefu_operator.plan.sharing import SharedVolume
from kefu_operator.plan.workload import Build, Task, Workload

LEFT_SECONDS = 600
"""How long a Job stays that nobody owns, should the operator go before it deletes it."""


def chatbot_objects(plan: ChatbotPlan, scope: Scope, images: Images, network: Network) -> list[Object]:
    """What belongs to one chatbot alone: neither its engine nor its generated Secrets."""
    own = (plan.session_store, plan.gateway)
    return [made for workload in own if workload for made in workload_objects(workload, scope, images, network)]


def chatbot_secrets(plan: ChatbotPlan, scope: Scope, value: Callable[[], str]) -> list[Object]:
    """The Secrets to create where they are absent; `value` gives a new random one at each call."""
    return [generated_secret(planned, scope, plan.gateway.component, value()) for planned in plan.generated_secrets]


def knowledge_secrets(plan: KnowledgePlan, scope: Scope, value: Callable[[], str]) -> list[Object]:
    """The same for an index."""
    component = plan.retrieval.component
    return [generated_secret(planned, scope, component, value()) for planned in plan.generated_secrets]


def knowledge_objects(plan: KnowledgePlan, scope: Scope, images: Images, network: Network) -> list[Object]:
    """What belongs to an index for good: its store, its retrieval service, and what surrounds its tasks."""
    milvus = plan.store.milvus
    made = milvus_objects(milvus, scope, images, network) if milvus else []
    made += [made for workload in plan.workloads for made in workload_objects(workload, scope, images, network)]
    if network.enabled:
        made.append(tasks_policy(naming.ingestion_policy(plan.name), INGESTION, plan.reach, scope))
    if plan.fetching and network.enabled:
        task = plan.fetching.task
        made.append(tasks_policy(naming.fetching_policy(plan.name), task.component, task.reach, scope))
    if plan.fetching and not plan.pushing:
        # The push service claims the same volume.
        task = plan.fetching.task
        made += claims((task.container,), scope, task.component, plan.fetching.volume.claim)
    return made


def shared_claim(volume: SharedVolume, scope: Scope) -> Object:
    """The claim of a model that several engines read."""
    return claim(volume.mount, scope, "model", volume.mount.claim)


def build_objects(build: Build, scope: Scope, network: Network) -> list[Object]:
    """What surrounds the Job of a build: the volumes that it reads and fills, and its policy."""
    task = build.task
    made = [claim(build.volume, scope, task.component, task.name)]
    made += claims((*task.steps, task.container), scope, task.component, task.name)
    if network.enabled:
        made.insert(0, tasks_policy(task.name, task.component, task.reach, scope))
    return made


def build_job(build: Build, volume: Object | None, scope: Scope, images: Images) -> Object:
    """The Job of a build, owned by the very volume that it fills: a new volume needs a new Job."""
    filled = replace(scope, owner_references=(owned_by_volume(volume),) if volume else ())
    return job(build.task, filled, images)


def task_objects(task: Task, scope: Scope, images: Images) -> list[Object]:
    """A Job and its documents."""
    return [*config_maps(task.container, scope, task.component, task.name), job(task, scope, images)]


def removal_job(task: Task, scope: Scope, images: Images) -> Object:
    """The Job that takes an index out of its store. Nobody owns it: what belongs to an index that goes may go before it."""
    made = job(task, replace(scope, owner_references=()), images)
    return {**made, "spec": {**made["spec"], "ttlSecondsAfterFinished": LEFT_SECONDS}}


def workload_objects(workload: Workload, scope: Scope, images: Images, network: Network) -> list[Object]:
    """What runs its pods, and all that stands around it; its policy comes first, so that no pod is ever without."""
    made = [
        *([workload_policy(workload, scope, network)] if network.enabled else []),
        *claims((*workload.steps, workload.container, *workload.companions), scope, workload.component, workload.name),
        *(
            made
            for each in (workload.container, *workload.companions)
            for made in config_maps(each, scope, workload.component, workload.name)
        ),
        service(workload, scope),
        *runners(workload, scope, images),
    ]
    if workload.scaling:
        made.append(autoscaler(workload, workload.scaling, scope))
    if has_budget(workload):
        made.append(disruption_budget(workload, scope))
    return [*made, *engine_scalers(workload, scope)]


def runners(workload: Workload, scope: Scope, images: Images) -> list[Object]:
    """What runs a workload's pods."""
    if workload.group is None:
        return [(stateful_set if workload.stateful else deployment)(workload, scope, images)]
    if workload.group.way is Way.LEADER_WORKER_SET:
        return [leader_worker_set(workload, workload.group, scope, images)]
    return group_sets(workload, workload.group, scope, images)


def engine_scalers(workload: Workload, scope: Scope) -> list[Object]:
    """What owns the `replicas` of an engine: one object, or none."""
    decided = workload.autoscaling
    if decided is None or decided.how not in SCALERS:
        return []
    return [SCALERS[decided.how](workload, decided, scope)]


SCALERS = {How.KEDA: scaled_object, How.METRICS: engine_autoscaler, How.CPU: engine_autoscaler}
