"""Builds of engines as they are: the Job that fills a volume, and whether it has."""

from dataclasses import dataclass

from kefu_operator.desired.types import Object
from kefu_operator.pods import PodView


@dataclass(frozen=True)
class BuildView:
    """One build."""

    job: Object | None = None
    """None before it exists, or while the one before goes."""
    pods: tuple[PodView, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the volume holds the engine."""
        return self.job is not None and ended(self.job, "Complete") is not None

    @property
    def failure(self) -> Object | None:
        """The Job's own word on why it is given up."""
        return ended(self.job, "Failed") if self.job else None


def ended(job: Object, how: str) -> Object | None:
    """The condition that says how a Job ended: `Complete` or `Failed`."""
    told: list[Object] = job.get("status", {}).get("conditions", [])
    return next((each for each in told if each["type"] == how and each["status"] == "True"), None)


def filled(job: Object, volume: Object) -> bool:
    """Whether it is this very volume that a Job fills, or filled; the volume owns it."""
    return any(owner["uid"] == volume["metadata"]["uid"] for owner in job["metadata"].get("ownerReferences", ()))
