"""Jobs as the decision sees them, and the words their pods leave."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from pydantic import ValidationError

from kefu_api.documents.index import IngestionFailure, IngestionReport
from kefu_operator.desired.types import Object
from kefu_operator.pods import PodView


class State(Enum):
    """How far a Job is."""

    ACTIVE = "active"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True)
class JobView:
    """One ingestion Job."""

    live: Object
    name: str
    state: State
    created: datetime
    ended: datetime | None
    why: str
    """Reason of its failure, e.g. DeadlineExceeded."""
    uid: str = ""


def view(job: Object) -> JobView:
    """The part of a Job that decisions need."""
    meta = job["metadata"]
    told = {found["type"]: found for found in job.get("status", {}).get("conditions", ()) if found["status"] == "True"}
    # FailureTarget and SuccessCriteriaMet come earlier, while pods still end.
    end = told.get("Complete") or told.get("Failed")
    state = State.COMPLETE if "Complete" in told else State.FAILED if "Failed" in told else State.ACTIVE
    return JobView(
        live=job,
        name=meta["name"],
        state=state,
        created=datetime.fromisoformat(meta["creationTimestamp"]),
        ended=datetime.fromisoformat(end["lastTransitionTime"]) if end else None,
        why=end.get("reason", "") if end else "",
        uid=meta.get("uid", ""),
    )


def heard(job: JobView, pods: Sequence[PodView]) -> JobView:
    """A Job whose pod has left its report has done its work: its controller says so a second later, or two."""
    own = [pod for pod in pods if job.uid and pod.owner == job.uid]
    return replace(job, state=State.COMPLETE) if job.state is State.ACTIVE and report_of(own) else job


def report_of(pods: Sequence[PodView]) -> IngestionReport | None:
    """What the pod that succeeded reported; None where it is gone or said nothing of the kind. Of several the first tells."""
    for pod in pods:
        for container in pod.containers:
            if pod.leads and container.ended and container.ended.exit_code == 0:
                return _report(container.ended.message)
    return None


def failure_of(pods: Sequence[PodView]) -> IngestionFailure | None:
    """What the newest pod that failed said; None where none failed or it died without a word.

    Of several that do a task together, one may say what no trying again helps with while the others are ended for it.
    """
    told = [
        _failure(container.ended.message)
        for pod in pods
        for container in pod.containers
        if container.ended and container.ended.exit_code != 0
    ]
    permanent = (each for each in told if each and not each.temporary)
    return next(permanent, told[0] if told else None)


def _report(message: str) -> IngestionReport | None:
    try:
        return IngestionReport.model_validate_json(message)
    except ValidationError:
        return None


def _failure(message: str) -> IngestionFailure | None:
    try:
        return IngestionFailure.model_validate_json(message)
    except ValidationError:
        return None
