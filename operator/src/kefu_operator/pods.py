"""Pods as decisions and checks see them: plain values, read from the cluster by `gather.pods`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kefu_operator.plan.engines.adapters import LOADER
from kefu_operator.plan.group import WORKER_SUFFIX
from kefu_operator.plan.model_files import FETCH

CRASHED = ("CrashLoopBackOff", "Error")


@dataclass(frozen=True)
class Ended:
    """How a container's last run ended."""

    reason: str
    exit_code: int
    message: str
    """Its termination message: its last words, or the end of its log."""


@dataclass(frozen=True)
class ContainerView:
    """One container of a pod."""

    name: str
    image: str
    step: bool = False
    """Whether it must end before the others start."""
    ready: bool = False
    running: bool = False
    restarts: int = 0
    waiting: str = ""
    """Reason for which it does not run."""
    waiting_message: str = ""
    ended: Ended | None = None
    """How its current run ended, or where it waits for the next, the last."""


@dataclass(frozen=True)
class PodView:
    """One pod."""

    name: str
    workload: str = ""
    """Name of the Deployment or Job that it belongs to."""
    component: str = ""
    """What it is: engine, gateway, ingestion and so on."""
    created: str = ""
    phase: str = "Pending"
    ready: bool = False
    deleting: bool = False
    unschedulable: str = ""
    """What the scheduler says; empty where it found a node or has not looked yet."""
    scheduled: bool = False
    containers: tuple[ContainerView, ...] = ()
    log_line: str = ""
    """The last line of the log: of a crashed container, of a task that runs, of a step that fetches, and of a companion."""
    trouble: str = ""
    """The newest warning about the pod, read where its containers do not come to be."""
    uid: str = ""
    owner: str = ""
    """UID of the object that made it, such as its Job."""
    number: int | None = None
    """Its number among the pods that do a task together; None where it is alone."""

    @property
    def leads(self) -> bool:
        """Whether it tells of its whole task: it is alone, or the first of those that do it together."""
        return not self.number

    @property
    def crashed(self) -> ContainerView | None:
        """The container that crashes again and again."""
        return next((each for each in self.containers if each.waiting in CRASHED or _failed(each)), None)

    @property
    def creating(self) -> bool:
        """Whether the node has the pod and has not started anything of it."""
        waits = ("ContainerCreating", "PodInitializing", "")
        return (
            self.scheduled
            and self.phase == "Pending"
            and not any(each.running or each.ended for each in self.containers)
            and all(each.waiting in waits for each in self.containers)
        )

    @property
    def companion(self) -> ContainerView | None:
        """The companion that loads adapters, while it runs; that of a group's leader tells of its workers too."""
        if self.component.endswith(WORKER_SUFFIX):
            return None
        return next((each for each in self.containers if each.name == LOADER and each.running), None)

    @property
    def fetching(self) -> ContainerView | None:
        """The step that brings weights now."""
        steps = (each for each in self.containers if each.step and each.name.startswith(FETCH))
        return next((each for each in steps if each.running), None)


def _failed(container: ContainerView) -> bool:
    # Between two crashes it runs for a moment; that is no recovery until it is ready.
    return bool(container.ended and container.ended.exit_code != 0 and not container.ready)


def is_older(pod: PodView, than: timedelta, now: datetime) -> bool:
    """Whether the pod was made so long ago; one that tells no time was."""
    return not pod.created or now - datetime.fromisoformat(pod.created) > than


def pods_of(pods: Iterable[PodView], workload: str) -> list[PodView]:
    """The pods of a Deployment or Job of that name, newest first."""
    return [pod for pod in pods if pod.workload == workload]
