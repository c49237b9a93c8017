"""When remote sources are fetched again, what came of the last time, and how to tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from kefu_api.documents.fetch import FetchReport
from kefu_api.kinds.knowledge.index import SourceStatus
from kefu_operator.desired.types import Object
from kefu_operator.fetching.rhythm import Rhythm
from kefu_operator.ingestion.jobs import JobView, State
from kefu_operator.pods import PodView, pods_of
from kefu_operator.status.check import Check, Verdict, fail, ok, wait
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

SETTLE = timedelta(seconds=5)
"""Until it is looked whether the pods of a deleted Job have ended."""
MAX_MESSAGE = 500


@dataclass(frozen=True)
class FetchSituation:
    """Everything that the decision depends on."""

    key: str
    """Hash of what is fetched now."""
    job_name: str
    rhythms: Mapping[str, Rhythm]
    """Of the remote sources, by name."""
    volume: str
    """UID of the volume; empty while there is none."""
    sources: Sequence[SourceStatus]
    """As the status remembers them."""
    remembered: str | None
    """`fetched` of the status."""
    jobs: Sequence[JobView]
    """Ours alone."""
    pods: Sequence[PodView]
    now: datetime

    @property
    def names(self) -> Sequence[str]:
        """Of the remote sources."""
        return tuple(self.rhythms)


@dataclass(frozen=True)
class FetchDecision:
    """What to do and what to say."""

    checks: tuple[Check, ...] = ()
    create: bool = False
    delete: tuple[Object, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    fetched: str | None = None
    again_after: timedelta | None = None

    @property
    def digests(self) -> Mapping[str, str]:
        """Of the snapshots that hold, by source."""
        return {source.name: source.digest for source in self.sources if source.digest}


def decide_fetching(now: FetchSituation) -> FetchDecision:
    """What is to be done about the remote sources."""
    job = next((job for job in now.jobs if job.name == now.job_name), None)
    outdated = tuple(job.live for job in now.jobs if job.name != now.job_name)
    sources = _remembered(now)
    if job is None:
        return _without_job(now, sources, outdated)
    if job.state is State.ACTIVE and not _has_reported(now, job):
        # A pod that has ended is told of by its Job.
        going = [pod for pod in pods_of(now.pods, job.name) if pod.phase in ("Pending", "Running")]
        trouble = [check for pod in going if (check := check_pod(pod))]
        checks = (*_tell(now, sources), *(check for check in trouble if check.verdict >= Verdict.FAIL))
        return FetchDecision(checks, delete=outdated, sources=sources, fetched=_name(now) if sources else None)
    sources = _reported(now, sources, job)
    delete = (*outdated, job.live)
    return FetchDecision(
        _tell(now, sources), delete=delete, sources=sources, fetched=_name(now), again_after=_until_due(now, sources)
    )


def _without_job(now: FetchSituation, sources: tuple[SourceStatus, ...], outdated: tuple[Object, ...]) -> FetchDecision:
    left = _until_due(now, sources) if now.remembered == _name(now) else timedelta(0)
    is_due = left is not None and left <= timedelta(0)
    if is_due and any(pod.phase in ("Pending", "Running") for pod in now.pods):
        left, is_due = SETTLE, False
    return FetchDecision(
        _tell(now, sources),
        create=is_due,
        delete=outdated,
        sources=sources,
        fetched=now.remembered if sources else None,
        again_after=None if is_due else left,
    )


def _name(now: FetchSituation) -> str:
    return f"{now.key[:16]}.{now.volume}"


def _remembered(now: FetchSituation) -> tuple[SourceStatus, ...]:
    """What the status knows of the sources that are still there; of another volume, nothing."""
    volume = (now.remembered or "").partition(".")[2]
    if not now.volume or volume != now.volume:
        return ()
    return tuple(source for source in now.sources if source.name in now.names)


def _reported(now: FetchSituation, before: Sequence[SourceStatus], job: JobView) -> tuple[SourceStatus, ...]:
    report = _report(pods_of(now.pods, job.name))
    told = {source.name: source for source in report.sources} if report else {}
    known = {source.name: source for source in before}
    ended = job.ended or now.now
    at = ended.isoformat(timespec="seconds")
    found = []
    for name, rhythm in now.rhythms.items():
        if source := told.get(name):
            shown = source.model_dump(include={"name", "digest", "files", "left_out", "reason"})
            message = (source.message or "")[:MAX_MESSAGE] or None
            tried = known[name].at if source.early and name in known else at
            told_now = SourceStatus(**shown, message=message, at=tried)
            found.append(_due(told_now, rhythm, job.created))
        else:
            held = known.get(name) or SourceStatus(name=name, at=at)
            why = f"its Job ended with {job.why or 'no reason'} and said nothing"
            failed = held.model_copy(update={"reason": "FetchFailed", "message": why, "at": at})
            found.append(_due(failed, rhythm, job.created))
    return tuple(found)


def _due(source: SourceStatus, rhythm: Rhythm, began: datetime) -> SourceStatus:
    due = rhythm.due(began, datetime.fromisoformat(source.at), failed=source.reason is not None)
    return source.model_copy(update={"next": due.isoformat(timespec="seconds") if due else None})


def _has_reported(now: FetchSituation, job: JobView) -> bool:
    """Whether a pod of this very Job has left its report: there is no second attempt, and its controller is a second late."""
    return _report([pod for pod in now.pods if job.uid and pod.owner == job.uid]) is not None


def _report(pods: Sequence[PodView]) -> FetchReport | None:
    """What the newest pod said, whether it could fetch everything or not."""
    for pod in pods:
        for container in pod.containers:
            if container.ended:
                try:
                    return FetchReport.model_validate_json(container.ended.message)
                except ValidationError:
                    return None
    return None


def _until_due(now: FetchSituation, sources: Sequence[SourceStatus]) -> timedelta | None:
    """Until the first of them is due; None: none ever is."""
    if not sources:
        return timedelta(0)
    due = [found for source in sources if (found := _when(now.rhythms[source.name], source))]
    return min(due) - now.now if due else None


def _when(rhythm: Rhythm, source: SourceStatus) -> datetime | None:
    if source.next:
        return datetime.fromisoformat(source.next)
    tried = datetime.fromisoformat(source.at)  # an older operator did not say
    return rhythm.due(tried, tried, failed=source.reason is not None)


def _tell(now: FetchSituation, sources: Sequence[SourceStatus]) -> tuple[Check, ...]:
    known = {source.name: source for source in sources}
    checks = []
    for name in now.names:
        source = known.get(name)
        if source is None:
            checks.append(wait(Reason.FETCHING, f"source {name} is being fetched"))
        elif source.reason and source.digest is None:
            text = f"source {name} cannot be fetched ({source.reason}): {source.message}; it is tried again"
            checks.append(fail(Reason.SOURCE_NOT_FETCHED, text))
        elif source.reason:
            text = f"source {name} could not be fetched again ({source.reason}): {source.message}"
            checks.append(ok(Reason.SOURCES_FOUND, f"{text}; what was fetched before is used"))
    return tuple(checks)
