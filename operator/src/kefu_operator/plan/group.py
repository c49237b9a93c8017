"""Groups: pods of several nodes that are one server. The first of them, the leader, answers; the others work for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kefu_operator.plan.workload import Container

LEADER_ADDRESS = "LWS_LEADER_ADDRESS"
"""Variable of every container of a group: under which host name its leader is found."""
WORKER_INDEX = "LWS_WORKER_INDEX"
"""Variable of every container of a group: which pod of it this is, the leader being 0.

Both names are those of LeaderWorkerSet, which sets them; our own StatefulSets set them too, so that containers need not know
what runs them. Source: lws.sigs.k8s.io, "Labels, annotations and environment variables".
"""


WORKER_SUFFIX = "-worker"
"""What the component of a group's pods that do not answer has behind that of those that do."""


class Way(StrEnum):
    """What runs the pods of groups."""

    LEADER_WORKER_SET = "LeaderWorkerSet"
    """One object, which can be scaled."""
    STATEFUL_SETS = "StatefulSets"
    """One of all leaders, and one a group of its workers."""


@dataclass(frozen=True)
class Group:
    """How the pods of a workload come in groups; the workload's own container is the leader's."""

    size: int
    """Pods of each."""
    worker: "Container"
    drain: tuple[str, ...]
    """Command that a worker runs before it is told to end."""
    companions: tuple["Container", ...] = ()
    """Run beside a worker, in the same pod."""
    way: Way = Way.STATEFUL_SETS
