"""The decision: which Job to create or to delete now, what is published, and how to tell it.

Two things are wanted, in this order: that the version which ought to answer does (`_publish`, a matter of seconds), and that
the version which the sources ask for is built and judged (`_build`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from kefu_api.documents.index import IngestionReport
from kefu_api.kinds.knowledge.versions import KnownVersion, PublishedVersion
from kefu_operator.desired.types import Object
from kefu_operator.ingestion import known
from kefu_operator.ingestion.jobs import JobView, State, failure_of, report_of
from kefu_operator.ingestion.situation import Decision, Phase, Situation
from kefu_operator.pods import pods_of
from kefu_operator.status.check import Check, Verdict, fail, ok, stuck, wait, worst
from kefu_operator.status.pod_checks import check_pod
from kefu_operator.status.reasons import Reason

RETRY = timedelta(seconds=60)
"""Between the end of a failed Job and the next; the Job itself has tried several times, more and more slowly."""

KNOWN_FAILURES = {
    reason.value: reason
    for reason in (
        Reason.STORE_UNREACHABLE,
        Reason.DATABASE_MISSING,
        Reason.SOURCE_CHANGED,
        Reason.NOTHING_TO_INDEX,
        Reason.TOO_MUCH_LOST,
        Reason.EMBEDDING_FAILED,
        Reason.QUESTIONS_INVALID,
        Reason.VERSION_GONE,
    )
}


def decide(now: Situation) -> Decision:
    """Decide for one moment; the same situation always gives the same decision."""
    now, heard = _hear(_in_this_volume(now))
    decision = _next(now)
    gone = decision.delete + tuple(job.live for job in heard if job.live not in decision.delete)
    return replace(decision, delete=gone + _outlived(now, gone))


def _outlived(now: Situation, gone: Sequence[Object]) -> tuple[Object, ...]:
    """Jobs that ended before one that goes: heard again without it, what they report would be taken for the newest."""
    ended = _ended(now)
    newest = max((number for number, job in enumerate(ended) if job.live in gone), default=0)
    return tuple(job.live for job in ended[:newest] if job.live not in gone and not _has_published(now, job))


def _next(now: Situation) -> Decision:
    wanted = _ought_to_answer(now)
    outdated = _outdated(now, wanted)
    if outdated or _strangers_run(now, wanted):
        # Two that publish at a time would be a race for the alias.
        waiting = wait(
            Reason.BUILDING, f"{wanted or now.version or 'the index'} waits until what was begun before has stopped"
        )
        return _pending(now, waiting, delete=tuple(job.live for job in outdated), candidate=wanted)
    return _publish(now, wanted) if wanted else _build(now)


def _hear(now: Situation) -> tuple[Situation, list[JobView]]:
    """What all Jobs that have ended well report, oldest first; and those that need not be kept any more.

    Even one that nobody wants any more has moved the alias. When a publication is heard, every Job that ended before it goes,
    so that none can be heard again later; the status names the Job that published, which stays.
    """
    ended, last = _ended(now), None
    for job in ended:
        report = _report(now, job)
        if report is None or _has_published(now, job):
            continue
        versions = known.merged(now.versions, report)
        now = replace(now, versions=versions, published=now.answering, remembered_volume=now.volume)
        held = known.answering(versions, report)
        again = now.answering if held and now.answering and now.answering.version == held.version else None
        if held and (report.published or again is None):
            at = again.at if again else now.now.isoformat(timespec="seconds")
            now, last = replace(now, published=known.published_version(held, report, at, job.uid)), job
    if last is None:
        return now, []
    gone = [job for job in ended if job is not last]
    return replace(now, jobs=[job for job in now.jobs if job not in gone]), gone


def _in_this_volume(now: Situation) -> Situation:
    """Another volume holds none of the versions that the status remembers."""
    return now if now.volume == now.remembered_volume else replace(now, versions=())


def _ought_to_answer(now: Situation) -> str | None:
    """The version that is to be published now and is there; None where the right one answers, or is still to be built."""
    wanted = now.pinned
    if wanted is None and now.automatic:
        built = known.find(now.versions, now.version)
        wanted = now.version if built and _is_judged(now, built) and not _is_refused(now, built) else None
    if wanted is None or (now.answering and now.answering.version == wanted):
        return None
    # One that was heard of just now gets its Job at the next look.
    return wanted if known.find(now.versions, wanted) and wanted in now.publish_jobs else None


def _outdated(now: Situation, wanted: str | None) -> list[JobView]:
    return [job for job in now.jobs if job.state is State.ACTIVE and job.name not in _ours(now, wanted)]


def _strangers_run(now: Situation, wanted: str | None) -> bool:
    """Whether a pod runs that is of no Job that may: its own has been deleted.

    One that only fills another version, since it does not lead, publishes nothing: it may be as late as it likes.
    """
    mine = {job.name for job in now.jobs} & _ours(now, wanted)
    return any(
        pod.workload not in mine and pod.phase in ("Pending", "Running") and (pod.leads or pod.workload == now.job_name)
        for pod in now.pods
    )


def _ours(now: Situation, wanted: str | None) -> set[str]:
    """Names of the Jobs that may run: what builds without publishing may do so beside what publishes."""
    return {name for name in (now.job_name, now.publish_jobs.get(wanted or "")) if name}


# To publish.


def _publish(now: Situation, version: str) -> Decision:
    job = _job(now, now.publish_jobs[version])
    if job is None:
        if not now.store_ready:
            return _publishing(now, version, wait(Reason.WAITING_FOR_STORE, f"{version} waits for the store"))
        return replace(_publishing(now, version, _is_being(version, "published")), publish=version)
    if job.state is State.ACTIVE:
        return _publishing(now, version, _trouble(now, job, version) or _is_being(version, "published"))
    if job.state is State.COMPLETE:
        # What it reported was not to be had, or another has published since.
        return replace(_publishing(now, version, _is_being(version, "published")), delete=(job.live,))
    found = failure_of(pods_of(now.pods, job.name))
    if found and found.reason == Reason.VERSION_GONE:
        # The store knows better than the status.
        rest = tuple(held for held in now.versions if held.version != version)
        after = _next(replace(now, versions=rest, jobs=[other for other in now.jobs if other is not job]))
        return replace(after, delete=(*after.delete, job.live))
    return _repeat(now, job, _why_failed(now, job, version, "published"), version)


def _publishing(now: Situation, version: str, check: Check) -> Decision:
    return _decision(now, _beside(now, check), phase="Publishing", candidate=version)


# To build.


def _build(now: Situation) -> Decision:
    version, job_name = now.version, now.job_name
    if version is None or job_name is None:
        return _decision(now, _rest(now, wait(Reason.BUILDING, "nothing is built until all that it needs is there")))
    built = known.find(now.versions, version)
    if built and _is_judged(now, built):
        return _is_built(now, built)
    job = _job(now, job_name)
    if job is None:
        if not now.store_ready:
            return _pending(now, wait(Reason.WAITING_FOR_STORE, f"{version} is built as soon as the store is ready"))
        return _pending(now, _is_being(version, "built"), create=True)
    if job.state is State.ACTIVE:
        return _watch(now, job, version)
    return _completed(now, job, version) if job.state is State.COMPLETE else _failed(now, job, version)


def _is_judged(now: Situation, built: KnownVersion) -> bool:
    return now.judged_by in (None, built.judged_by)


def _is_refused(now: Situation, built: KnownVersion) -> bool:
    return now.judged_by is not None and bool(built.failed_gates)


def _is_built(now: Situation, built: KnownVersion) -> Decision:
    """It is there and judged: it answers, or it must not, or a person decides."""
    done = tuple(job.live for job in now.jobs if job.name != now.job_name)
    if now.answering and now.answering.version == built.version:
        return replace(_decision(now, _rest(now, _answers(now.answering))), delete=done)
    if _is_refused(now, built):
        check = stuck(Reason.GATES_FAILED, f"{built.version} is not published: {told_gates(built)}")
        return replace(_decision(now, _rest(now, _beside(now, check)), phase="Refused"), delete=done)
    check = stuck(Reason.AWAITING_PUBLICATION, f"{built.version} is built: set spec.publishing.version to publish it")
    if now.answering:
        check = ok(Reason.PUBLISHED, f"{_answers(now.answering).message}; {check.message}")
    return replace(_decision(now, _rest(now, check), phase="Waiting"), delete=done)


def told_gates(version: KnownVersion) -> str:
    """Which gates a version fails, with its figures, and which questions it lost."""
    text = "; ".join(version.failed_gates)
    questions = version.questions
    if questions and (questions.lost or questions.gained):
        named = f" ({', '.join(questions.lost_questions)})" if questions.lost_questions else ""
        text += f"; {questions.lost} questions lost{named} and {questions.gained} gained against {questions.against}"
    return text


def _watch(now: Situation, job: JobView, version: str) -> Decision:
    check = _trouble(now, job, version)
    if check and not now.is_current:
        # Its image, say, cannot be pulled, and the installation names another one by now.
        return _pending(now, check, delete=(job.live,))
    return _decision(now, _beside(now, check or _is_being(version, "built")), phase="Building")


def _completed(now: Situation, job: JobView, version: str) -> Decision:
    # What it did cannot be known any more. To build again is cheap: what is there is only judged and published again.
    check = wait(Reason.BUILDING, f"{version} is built again: the result of its Job is not known")
    told = report_of(pods_of(now.pods, job.name))
    elsewhere = told is not None and told.volume != now.volume
    return _again(now, job, _beside(now, check), at_once=elsewhere or known.find(now.versions, version) is not None)


def _failed(now: Situation, job: JobView, version: str) -> Decision:
    check = _why_failed(now, job, version, "built")
    if check.verdict is not Verdict.STUCK or not now.is_current:
        return _again(now, job, _beside(now, check), at_once=check.verdict is Verdict.STUCK)
    return _decision(now, _beside(now, check), phase="Failed")


# What both have in common.


def _ended(now: Situation) -> list[JobView]:
    """Jobs that have ended well, oldest first."""
    return sorted((job for job in now.jobs if job.state is State.COMPLETE), key=lambda job: (job.created, job.name))


def _has_published(now: Situation, job: JobView) -> bool:
    """Whether it is the Job that the status names for what answers."""
    return bool(job.uid and now.published and job.uid == now.published.job)


def _job(now: Situation, name: str) -> JobView | None:
    return next((job for job in now.jobs if job.name == name), None)


def _report(now: Situation, job: JobView) -> IngestionReport | None:
    """What the Job reports, if it speaks of this volume."""
    report = report_of(pods_of(now.pods, job.name))
    return report if report and report.volume == now.volume else None


def _is_being(version: str, done: str) -> Check:
    return wait(Reason.BUILDING if done == "built" else Reason.PUBLISHING, f"{version} is being {done}")


def _trouble(now: Situation, job: JobView, version: str) -> Check | None:
    """What keeps a Job that runs from getting on."""
    pods = pods_of(now.pods, job.name)
    found = failure_of(pods)
    told = [_tell(version, found.reason, found.message, temporary=True)] if found else []
    told += [check for pod in pods if pod.phase in ("Pending", "Running") and (check := check_pod(pod))]
    bad = [check for check in told if check.verdict >= Verdict.FAIL]
    return worst(bad) if bad else None


def _why_failed(now: Situation, job: JobView, version: str, done: str) -> Check:
    pods = pods_of(now.pods, job.name)
    found = failure_of(pods)
    if job.why == "DeadlineExceeded":
        text = "it took longer than its deadline"
        return _tell(version, Reason.INGESTION_TIMED_OUT, text, temporary=True, done=done)
    if found is None:
        leaf = next((check for pod in pods if (check := check_pod(pod))), None)
        message = leaf.message if leaf else f"its Job ended with {job.why or 'no reason'} and said nothing"
        reason = leaf.reason if leaf and leaf.verdict >= Verdict.FAIL else Reason.INGESTION_FAILED
        return _tell(version, reason, message, temporary=True, done=done)
    return _tell(version, found.reason, found.message, temporary=found.temporary, done=done)


def _tell(version: str, reason: str, message: str, *, temporary: bool, done: str = "built") -> Check:
    told = KNOWN_FAILURES.get(reason, reason if reason in set(Reason) else Reason.INGESTION_FAILED)
    text = f"{version} could not be {done}: {message}"
    return fail(told, text + "; it is tried again") if temporary else stuck(told, text)


def _again(
    now: Situation, job: JobView, check: Check, *, at_once: bool = False, candidate: str | None = None
) -> Decision:
    left = (job.ended or now.now) + RETRY - now.now
    if left > timedelta(0) and not at_once:
        return replace(_decision(now, check, phase="Failed", candidate=candidate), again_after=left)
    return replace(_decision(now, check, phase="Pending", candidate=candidate), delete=(job.live,))


def _repeat(now: Situation, job: JobView, check: Check, version: str) -> Decision:
    """Publishing again, after a while, whatever went wrong: only a Job that is made anew asks again."""
    return _again(now, job, _beside(now, check), candidate=version)


def _pending(
    now: Situation,
    check: Check,
    *,
    create: bool = False,
    delete: tuple[Object, ...] = (),
    candidate: str | None = None,
) -> Decision:
    decision = _decision(now, _beside(now, check), phase="Pending", candidate=candidate)
    return replace(decision, create=create, delete=delete)


def _decision(now: Situation, check: Check, *, phase: Phase | None = None, candidate: str | None = None) -> Decision:
    """To do nothing and say this."""
    published = now.published.version if now.published else None
    named = candidate or now.version
    return Decision(
        check=check,
        published=now.published,
        versions=known.with_states(now.versions, published),
        volume=now.volume if now.versions else now.remembered_volume,
        phase=phase if named else None,
        candidate=named if phase else None,
    )


def _rest(now: Situation, check: Check) -> Check:
    """A pin that names nothing is told, whatever else is well."""
    pinned = now.pinned
    if pinned is None or pinned == now.version or (now.answering and now.answering.version == pinned):
        return check
    held = ", ".join(each.version for each in now.versions) or "none"
    message = f"spec.publishing.version names {pinned}, which is not in the store (it holds: {held})"
    return _beside(now, stuck(Reason.VERSION_NOT_FOUND, message))


def _beside(now: Situation, check: Check) -> Check:
    """While an older version answers, building the next one is no fault; that it fails is one."""
    if now.answering is None:
        return check
    kept = f"{now.answering.version} goes on answering"
    if check.verdict is Verdict.WAIT:
        return ok(Reason.PUBLISHED, f"{check.message}; {kept}")
    return Check(check.verdict, check.reason, f"{check.message}; {kept}")


def _answers(published: PublishedVersion) -> Check:
    left_out = f", {published.skipped} left out (see status.published.skippedDocuments)" if published.skipped else ""
    return ok(
        Reason.PUBLISHED,
        f"{published.version} answers with {published.documents} documents in {published.chunks} chunks{left_out}",
    )
