"""The task that takes an index out of a store of somebody else's."""

from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator import naming
from kefu_operator.plan.knowledge.document import reach_of
from kefu_operator.plan.knowledge.site import where_of
from kefu_operator.plan.knowledge.store import plan_store
from kefu_operator.plan.knowledge.tasks import COMPONENT, TASK_GRACE_SECONDS
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Compute, Container, SecretMount, Task

DEADLINE_SECONDS = 600


def is_removed(index: KnowledgeIndex) -> bool:
    """Whether what the index wrote is to be dropped with it."""
    external = index.spec.store.external
    return external is not None and external.deletion_policy == "Delete"


def plan_removal(index: KnowledgeIndex, placement: Placement) -> Task:
    """It has no document: a ConfigMap of ours might go before it has run."""
    store, name = plan_store(index, where_of(index), placement, None), naming.removal(index.metadata.name)
    secrets = {"token": store.token, "ca": store.authorities}
    mounts = {
        what: SecretMount(f"store-{what}", placement.path(name, f"store-{what}"), held.name, held.key)
        for what, held in secrets.items()
        if held
    }
    database = store.target.database
    command = (
        "python", "-m", "kefu_retrieval", "remove",
        "--uri", store.target.uri,
        "--alias", store.target.alias,
        *(("--database", database) if database else ()),
        *(word for what, mount in mounts.items() for word in (f"--{what}-file", f"{mount.path}/{mount.key}")),
    )  # fmt: skip
    container = Container(
        name="remove",
        image="retrieval",
        command=command,
        compute=Compute(cpu="100m", memory="512Mi"),
        mounts=tuple(mounts.values()),
    )
    return Task(
        name=name,
        component=COMPONENT,
        container=container,
        deadline_seconds=DEADLINE_SECONDS,
        grace_seconds=TASK_GRACE_SECONDS,
        reach=reach_of(index, store),
    )
