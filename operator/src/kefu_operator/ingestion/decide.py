"""The decision: which Job to create or to delete now, what is published, and how to tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kefu_api.kinds.knowledge import PublishedVersion
from kefu_operator.desired.types import Object
from kefu_operator.gather.pods import PodView, pods_of
from kefu_operator.ingestion.jobs import JobView, State, failure_of, report_of
from kefu_operator.status.check import Check, Verdict, fail, ok, stuck, wait, worst
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

RETRY = timedelta(seconds=60)
"""Between the end of a failed Job and the next; the Job itself has tried several times, more and more slowly."""

KNOWN_FAILURES = {
    reason.value: reason
    for reason in (
        Reason.STORE_UNREACHABLE,
        Reason.SOURCE_CHANGED,
        Reason.NOTHING_TO_INDEX,
        Reason.EMBEDDING_FAILED,
    )
}


@dataclass(frozen=True)
class Situation:
    """Everything that the decision depends on."""

    version: str
    """The version that the sources ask for."""
    job_name: str
    """Name of the Job that builds it."""
    published: PublishedVersion | None
    store_ready: bool
    store_since: datetime | None
    """When the embedded store's volume was made; None where the store is external."""
    jobs: Sequence[JobView]
    pods: Sequence[PodView]
    """Of all ingestion Jobs, those that were deleted included; newest first."""
    is_current: bool
    """Whether the Job, where there is one, is what we would create today."""
    now: datetime


@dataclass(frozen=True)
class Decision:
    """What to do and what to say."""

    check: Check
    create: bool = False
    delete: tuple[Object, ...] = ()
    published: PublishedVersion | None = None
    phase: Literal["Pending", "Building", "Failed"] | None = None
    """Of the candidate; None where there is none."""
    again_after: timedelta | None = None


def decide(now: Situation) -> Decision:
    """Decide for one moment; the same situation always gives the same decision."""
    if _is_published(now):
        others = tuple(job.live for job in now.jobs if job.name != now.job_name)
        return Decision(_answers(now.published), delete=others, published=now.published)
    outdated = [job for job in now.jobs if job.name != now.job_name and job.state is State.ACTIVE]
    job = next((job for job in now.jobs if job.name == now.job_name), None)
    if outdated or _still_running(now, job):
        # Two that publish at a time would be a race for the alias.
        waiting = wait(Reason.BUILDING, f"{now.version} waits until what was built before has stopped")
        return _pending(now, waiting, delete=tuple(job.live for job in outdated))
    if job is None:
        return _begin(now)
    if job.state is State.ACTIVE:
        return _watch(now, job)
    return _completed(now, job) if job.state is State.COMPLETE else _failed(now, job)


def _is_published(now: Situation) -> bool:
    """A volume younger than the publication is empty: what the status remembers was in another one."""
    if now.published is None or now.published.version != now.version:
        return False
    return now.store_since is None or now.store_since <= datetime.fromisoformat(now.published.at)


def _still_running(now: Situation, job: JobView | None) -> bool:
    """Whether a pod runs that is not of the current Job: its own Job has been deleted."""
    mine = job.name if job else None
    return any(pod.workload != mine and pod.phase in ("Pending", "Running") for pod in now.pods)


def _begin(now: Situation) -> Decision:
    if not now.store_ready:
        waiting = wait(Reason.WAITING_FOR_STORE, f"{now.version} is built as soon as the store is ready")
        return _pending(now, waiting)
    return _pending(now, wait(Reason.BUILDING, f"{now.version} is being built"), create=True)


def _watch(now: Situation, job: JobView) -> Decision:
    pods = pods_of(now.pods, job.name)
    found = failure_of(pods)
    told = [_tell(now, found.reason, found.message, temporary=True)] if found else []
    told += [check for pod in pods if pod.phase in ("Pending", "Running") and (check := check_pod(pod))]
    bad = [check for check in told if check.verdict >= Verdict.FAIL]
    check = worst(bad) if bad else wait(Reason.BUILDING, f"{now.version} is being built")
    if bad and not now.is_current:
        # Its image, say, cannot be pulled, and the installation names another one by now.
        return _pending(now, check, delete=(job.live,))
    return Decision(_beside(now, check), published=now.published, phase="Building")


def _completed(now: Situation, job: JobView) -> Decision:
    report = report_of(pods_of(now.pods, job.name))
    fresh = now.store_since is None or job.created >= now.store_since
    if fresh and report and report.version == now.version and report.published:
        published = PublishedVersion(
            version=report.version,
            documents=report.documents,
            chunks=report.chunks,
            skipped=report.skipped_total,
            skipped_documents=tuple(f"{skipped.document}: {skipped.reason}"[:500] for skipped in report.skipped[:32]),
            at=now.now.isoformat(timespec="seconds"),
        )
        others = tuple(other.live for other in now.jobs if other.name != now.job_name)
        return Decision(_answers(published), delete=others, published=published)
    # What it did cannot be known any more. To build a version again is cheap: what is there is only published again.
    check = wait(Reason.BUILDING, f"{now.version} is built again: the result of its Job is not known")
    return _again(now, job, check, at_once=not fresh)


def _failed(now: Situation, job: JobView) -> Decision:
    found = failure_of(pods_of(now.pods, job.name))
    if job.why == "DeadlineExceeded":
        return _again(
            now, job, _tell(now, Reason.INGESTION_TIMED_OUT, "it took longer than its deadline", temporary=True)
        )
    if found is None:
        leaf = next((check for pod in pods_of(now.pods, job.name) if (check := check_pod(pod))), None)
        message = leaf.message if leaf else f"its Job ended with {job.why or 'no reason'} and said nothing"
        reason = leaf.reason if leaf and leaf.verdict >= Verdict.FAIL else Reason.INGESTION_FAILED
        return _again(now, job, _tell(now, reason, message, temporary=True))
    check = _tell(now, found.reason, found.message, temporary=found.temporary)
    if found.temporary or not now.is_current:
        return _again(now, job, check, at_once=not now.is_current)
    return Decision(_beside(now, check), published=now.published, phase="Failed")


def _again(now: Situation, job: JobView, check: Check, *, at_once: bool = False) -> Decision:
    left = (job.ended or now.now) + RETRY - now.now
    if left > timedelta(0) and not at_once:
        return Decision(_beside(now, check), published=now.published, phase="Failed", again_after=left)
    return Decision(_beside(now, check), published=now.published, phase="Pending", delete=(job.live,))


def _pending(now: Situation, check: Check, *, create: bool = False, delete: tuple[Object, ...] = ()) -> Decision:
    return Decision(_beside(now, check), create=create, delete=delete, published=now.published, phase="Pending")


def _tell(now: Situation, reason: str, message: str, *, temporary: bool) -> Check:
    known = KNOWN_FAILURES.get(reason, reason if reason in set(Reason) else Reason.INGESTION_FAILED)
    text = f"{now.version} could not be built: {message}"
    return fail(known, text + "; it is tried again") if temporary else stuck(known, text)


def _beside(now: Situation, check: Check) -> Check:
    """While an older version answers, building the next one is no fault; that it fails is one."""
    if now.published is None or not _holds_published(now):
        return check
    kept = f"{now.published.version} goes on answering"
    if check.verdict is Verdict.WAIT:
        return ok(Reason.PUBLISHED, f"{check.message}; {kept}")
    return Check(check.verdict, check.reason, f"{check.message}; {kept}")


def _holds_published(now: Situation) -> bool:
    published_at = datetime.fromisoformat(now.published.at) if now.published else None
    return now.store_since is None or (published_at is not None and now.store_since <= published_at)


def _answers(published: PublishedVersion | None) -> Check:
    assert published is not None  # noqa: S101 - the callers have just looked
    left_out = f", {published.skipped} left out (see status.published.skippedDocuments)" if published.skipped else ""
    return ok(
        Reason.PUBLISHED,
        f"{published.version} answers with {published.documents} documents in {published.chunks} chunks{left_out}",
    )
