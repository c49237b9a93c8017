"""What is to be done about an index that goes and wants to be taken out of its store first: plain values in, one step out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kefu_operator.desired.types import Object
from kefu_operator.ingestion.jobs import JobView, State, failure_of
from kefu_operator.pods import PodView, pods_of
from kefu_operator.status.check import Check, Verdict, wait, worst
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

LIMIT = timedelta(minutes=10)
"""How long an index waits for its store; then it goes all the same."""
LOOK = timedelta(seconds=5)
"""Between two looks at what an index waits for."""


@dataclass(frozen=True)
class Departing:
    """One moment."""

    asked: datetime
    """When the index was deleted."""
    wanted: bool
    """Whether it is to be taken out of its store, as its spec says by now."""
    removal: JobView | None
    """The Job that does it."""
    stale: JobView | None
    """One of that name that was made for an index before."""
    others: Sequence[JobView]
    """All its other Jobs, which may write to the store."""
    pods: Sequence[PodView]
    """Of all of them, those that were deleted included; newest first."""
    now: datetime


@dataclass(frozen=True)
class Step:
    """What to do, and what to say."""

    check: Check | None = None
    """While it waits: for what."""
    delete: tuple[Object, ...] = ()
    """After the index was let go, where it may go."""
    create: bool = False
    """Whether to create the Job."""
    done: bool = False
    """Whether the index may go."""
    left: str = ""
    """Why something stays in the store; empty: nothing does."""


def next_step(departing: Departing) -> Step:
    """Decide for one moment; the same moment always gives the same step."""
    removal = departing.removal
    if not departing.wanted or (removal and removal.state is State.COMPLETE):
        return Step(done=True, delete=(removal.live,) if removal else ())
    waiting = _waiting(departing)
    if departing.now - departing.asked >= LIMIT:
        minutes = round(LIMIT.total_seconds() / 60)
        left = f"it was not done within {minutes} minutes: {waiting.check.message if waiting.check else ''}"
        return Step(done=True, left=left, delete=(removal.live,) if removal else ())
    return waiting


def _waiting(departing: Departing) -> Step:
    active = tuple(job.live for job in departing.others if job.state is State.ACTIVE)
    removal = departing.removal
    if departing.stale:
        return Step(_check("a Job of an index before is in the way"), delete=(departing.stale.live,))
    if active or _writers(departing):
        # What builds could write again what was dropped.
        return Step(_check("what builds and publishes is stopped first"), delete=active)
    if removal is None:
        return Step(_check("the Job that drops them is being made"), create=True)
    pods = pods_of(departing.pods, removal.name)
    failure = failure_of(pods)
    if removal.state is State.FAILED:
        if failure and not failure.temporary:
            return Step(done=True, left=f"{failure.reason}: {failure.message}", delete=(removal.live,))
        return Step(_check(f"its Job failed and is made anew: {_said(departing, removal)}"), delete=(removal.live,))
    return Step(_check(_said(departing, removal)))


def _writers(departing: Departing) -> bool:
    name = departing.removal.name if departing.removal else None
    return any(pod.workload != name and pod.phase in ("Pending", "Running") for pod in departing.pods)


def _said(departing: Departing, removal: JobView) -> str:
    """The last words of the pod that failed, or what keeps one from running."""
    pods = pods_of(departing.pods, removal.name)
    if failure := failure_of(pods):
        return f"{failure.reason}: {failure.message}"
    troubles = [check for pod in pods if (check := check_pod(pod)) and check.verdict >= Verdict.FAIL]
    return worst(troubles).message if troubles else f"Job {removal.name} runs"


def _check(message: str) -> Check:
    return wait(Reason.REMOVING_FROM_STORE, f"the index is dropped from its store before it goes: {message}")
