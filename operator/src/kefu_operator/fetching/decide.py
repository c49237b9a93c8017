"""When remote sources are fetched again, what came of the last time, and how to tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from kefu_api.documents.fetch import FetchReport
from kefu_api.kinds.knowledge.index import SourceStatus
from kefu_operator.desired.types import Object
from kefu_operator.ingestion.jobs import JobView, State
from kefu_operator.pods import PodView, pods_of
from kefu_operator.status.check import Check, Verdict, fail, ok, wait
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

RETRY = timedelta(seconds=60)
"""Until a source that failed is tried again, or its interval where that is shorter."""
SETTLE = timedelta(seconds=5)
"""Until it is looked whether the pods of a deleted Job have ended."""
MAX_MESSAGE = 500


@dataclass(frozen=True)
class FetchSituation:
    """Everything that the decision depends on."""

    key: str
    """Hash of what is fetched now."""
    job_name: str
    interval: timedelta
    names: Sequence[str]
    """Of the remote sources."""
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
    running = any(pod.phase in ("Pending", "Running") for pod in now.pods)
    if left <= timedelta(0) and running:
        left = SETTLE
    return FetchDecision(
        _tell(now, sources),
        create=left <= timedelta(0),
        delete=outdated,
        sources=sources,
        fetched=now.remembered if sources else None,
        again_after=left if left > timedelta(0) else None,
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
    at = (job.ended or now.now).isoformat(timespec="seconds")
    found = []
    for name in now.names:
        if source := told.get(name):
            shown = source.model_dump(include={"name", "digest", "files", "left_out", "reason"})
            found.append(SourceStatus(**shown, message=(source.message or "")[:MAX_MESSAGE] or None, at=at))
        else:
            held = known.get(name) or SourceStatus(name=name, at=at)
            why = f"its Job ended with {job.why or 'no reason'} and said nothing"
            found.append(held.model_copy(update={"reason": "FetchFailed", "message": why, "at": at}))
    return tuple(found)


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


def _until_due(now: FetchSituation, sources: Sequence[SourceStatus]) -> timedelta:
    if not sources:
        return timedelta(0)
    wanted = min(now.interval, RETRY) if any(source.reason for source in sources) else now.interval
    return min(datetime.fromisoformat(source.at) for source in sources) + wanted - now.now


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
