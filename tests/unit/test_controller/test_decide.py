"""Which Job an index needs: a table of moments, each with what is done and what is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kefu_api.kinds.knowledge.versions import KnownVersion, PublishedVersion
from kefu_operator.ingestion.decide import RETRY, decide
from kefu_operator.ingestion.jobs import JobView, State, heard, view
from kefu_operator.ingestion.situation import Situation
from kefu_operator.pods import ContainerView, Ended, PodView
from kefu_operator.status.check import Verdict
from kefu_operator.status.reasons import Reason

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
LIVE: dict[str, Any] = {"kind": "Job", "metadata": {"name": "shop-ingest-v2"}}
OLD: dict[str, Any] = {"kind": "Job", "metadata": {"name": "shop-ingest-v1"}}
JOB = JobView(LIVE, "shop-ingest-v2", State.ACTIVE, NOW - timedelta(minutes=5), None, "", "uid-2")
OLD_JOB = JobView(OLD, "shop-ingest-v1", State.COMPLETE, EARLIER, EARLIER, "", "uid-1")
VOLUME = "volume-1"
V1 = PublishedVersion(version="v1", documents=1, chunks=1, at=(NOW - timedelta(minutes=30)).isoformat())
V2 = V1.model_copy(update={"version": "v2"})
FIRST = Situation(
    version="v2",
    job_name="shop-ingest-v2",
    published=None,
    store_ready=True,
    jobs=(),
    pods=(),
    is_current=True,
    now=NOW,
    remembered_volume=VOLUME,
    volume=VOLUME,
    publish_jobs={name: f"shop-publish-{name}" for name in ("v0", "v1", "v2")},
)


def knows(*names: str, **more: Any) -> tuple[KnownVersion, ...]:
    """Versions that are in the store."""
    return tuple(
        KnownVersion(version=name, state="Kept", documents=4, chunks=9, built=EARLIER.isoformat(), **more)
        for name in names
    )


def pod(message: dict[str, Any] | str, exit_code: int = 0, name: str = "shop-ingest-v2") -> PodView:
    text = message if isinstance(message, str) else json.dumps(message)
    container = ContainerView("ingest", "i", ended=Ended("", exit_code, text))
    return PodView("p", name, "ingestion", phase="Failed" if exit_code else "Succeeded", containers=(container,))


def report(version: str = "v2", **more: Any) -> dict[str, Any]:
    return {"version": version, "published": True, "documents": 4, "chunks": 9, "embedded": 9, "volume": VOLUME, **more}


def failure(*, temporary: bool, reason: str = "StoreUnreachable") -> PodView:
    return pod({"reason": reason, "message": "because", "temporary": temporary}, 75 if temporary else 65)


def ended(state: State, at: datetime = NOW, why: str = "") -> JobView:
    return replace(JOB, state=state, ended=at, why=why)


def test_the_first_version_gets_a_job_as_soon_as_the_store_is_ready() -> None:
    waiting = decide(replace(FIRST, store_ready=False))
    assert (waiting.create, waiting.check.reason, waiting.phase) == (False, "WaitingForStore", "Pending")
    begun = decide(FIRST)
    assert (begun.create, begun.check.reason, begun.check.verdict) == (True, "Building", Verdict.WAIT)


def test_a_published_version_needs_no_job_even_where_its_job_is_gone() -> None:
    found = decide(replace(FIRST, published=V2, versions=knows("v2")))
    assert (found.create, found.publish, found.delete, found.phase) == (False, None, (), None)
    assert (found.check.verdict, found.published) == (Verdict.OK, V2)


def test_another_volume_is_filled_again() -> None:
    found = decide(replace(FIRST, published=V2, versions=knows("v2"), volume="volume-2"))
    assert found.create
    assert (found.check.verdict, found.versions, found.volume) == (Verdict.WAIT, (), VOLUME)


def test_a_job_that_filled_another_volume_proves_nothing() -> None:
    late = replace(FIRST, volume="volume-2", jobs=(ended(State.COMPLETE),), pods=(pod(report()),))
    assert decide(late).delete == (LIVE,)


def test_an_external_store_is_believed_what_the_status_says() -> None:
    external = replace(FIRST, published=V2, versions=knows("v2"), remembered_volume=None, volume=None)
    assert not decide(external).create


def test_a_finished_job_publishes_what_its_pod_reports() -> None:
    skipped = [{"document": "a.yaml", "reason": "no answer"}]
    held = [{"version": name, "documents": 4, "chunks": 9, "created": 1.0} for name in ("v2", "v1")]
    words = report(skipped=skipped, skippedTotal=1, versions=held)
    found = decide(replace(FIRST, jobs=(ended(State.COMPLETE), OLD_JOB), pods=(pod(words),)))
    assert found.published is not None
    assert (found.published.version, found.published.chunks, found.published.skipped) == ("v2", 9, 1)
    assert found.published.skipped_documents == ("a.yaml: no answer",)
    assert (found.published.job, found.volume) == ("uid-2", VOLUME)
    assert found.delete == (OLD,)
    assert "1 left out" in found.check.message
    assert [(each.version, each.state) for each in found.versions] == [("v2", "Published"), ("v1", "Candidate")]


def test_a_publication_that_the_status_knows_is_not_heard_again() -> None:
    job, pods = ended(State.COMPLETE), (pod(report()),)
    heard = decide(replace(FIRST, jobs=(job,), pods=pods))
    again = decide(replace(FIRST, jobs=(job,), pods=pods, published=heard.published, versions=heard.versions))
    assert (again.published, again.versions, again.delete) == (heard.published, heard.versions, ())


def test_a_finished_job_without_a_report_is_run_again_after_a_while() -> None:
    for pods in ((), (pod("no report"),)):
        fresh = decide(replace(FIRST, jobs=(ended(State.COMPLETE),), pods=pods))
        assert (fresh.delete, fresh.again_after) == ((), RETRY)
        late = decide(replace(FIRST, jobs=(ended(State.COMPLETE, NOW - RETRY),), pods=pods))
        assert late.delete == (LIVE,)


def test_what_is_published_and_no_longer_wanted_is_still_believed_to_answer() -> None:
    found = decide(replace(FIRST, published=V1, jobs=(ended(State.COMPLETE),), pods=(pod(report("v0")),)))
    assert found.published is not None
    assert (found.published.version, found.phase) == ("v0", "Failed")


def test_a_job_that_was_killed_after_it_had_published_is_heard_of_through_the_next() -> None:
    held = [{"version": name, "documents": 4, "chunks": 9, "created": 1.0} for name in ("v2", "v1", "v0")]
    words = report(published=False, answering="v1", versions=held)
    by_hand = replace(FIRST, automatic=False, published=V1.model_copy(update={"version": "v0"}))
    found = decide(replace(by_hand, jobs=(ended(State.COMPLETE),), pods=(pod(words),)))
    assert found.published is not None
    assert (found.published.version, found.phase) == ("v1", "Waiting")


def test_a_running_job_is_left_alone_and_the_old_version_answers() -> None:
    found = decide(replace(FIRST, published=V1, jobs=(JOB, OLD_JOB)))
    assert (found.create, found.delete, found.phase, found.published) == (False, (), "Building", V1)
    assert found.check.verdict is Verdict.OK
    assert "v1 goes on answering" in found.check.message


def test_a_running_job_whose_tries_fail_names_why() -> None:
    found = decide(replace(FIRST, jobs=(JOB,), pods=(failure(temporary=True),)))
    assert (found.check.verdict, found.check.reason, found.phase) == (Verdict.FAIL, "StoreUnreachable", "Building")


def test_a_running_job_that_fails_and_would_be_made_otherwise_today_is_replaced() -> None:
    pulling = PodView(
        "p", "shop-ingest-v2", "ingestion", containers=(ContainerView("ingest", "i", waiting="ErrImagePull"),)
    )
    stuck = replace(FIRST, jobs=(JOB,), pods=(pulling,))
    found = decide(stuck)
    assert (found.delete, found.check.reason) == ((), "ImagePullBackOff")
    assert decide(replace(stuck, is_current=False)).delete == (LIVE,)
    working = replace(stuck, pods=(PodView("p", "shop-ingest-v2", "ingestion", phase="Running", ready=True),))
    assert decide(replace(working, is_current=False)).delete == ()


def test_an_outdated_job_is_deleted_before_the_next_is_made() -> None:
    outdated = replace(OLD_JOB, state=State.ACTIVE)
    found = decide(replace(FIRST, jobs=(outdated,)))
    assert (found.create, found.delete) == (False, (OLD,))
    running = PodView("p", "shop-ingest-v1", "ingestion", phase="Running")
    assert not decide(replace(FIRST, pods=(running,))).create
    # Nor beside a pod whose own Job, of the same name, was deleted.
    assert not decide(replace(FIRST, pods=(replace(running, workload="shop-ingest-v2"),))).create
    assert decide(replace(FIRST, jobs=(OLD_JOB,), pods=(pod(report("v1"), name="shop-ingest-v1"),))).create


def test_a_temporary_failure_is_tried_again_after_a_while() -> None:
    fresh = decide(replace(FIRST, jobs=(ended(State.FAILED),), pods=(failure(temporary=True),)))
    assert (fresh.delete, fresh.again_after, fresh.check.verdict) == ((), RETRY, Verdict.FAIL)
    late = decide(replace(FIRST, jobs=(ended(State.FAILED, NOW - RETRY),), pods=(failure(temporary=True),)))
    assert late.delete == (LIVE,)


def test_a_permanent_failure_waits_for_a_change() -> None:
    stuck = replace(
        FIRST, jobs=(ended(State.FAILED, EARLIER),), pods=(failure(temporary=False, reason="NothingToIndex"),)
    )
    found = decide(stuck)
    assert (found.delete, found.again_after, found.phase) == ((), None, "Failed")
    assert (found.check.verdict, found.check.reason) == (Verdict.STUCK, "NothingToIndex")
    assert decide(replace(stuck, is_current=False)).delete == (LIVE,)


def test_a_failed_successor_leaves_the_published_version_in_place() -> None:
    pods = (failure(temporary=False, reason="NothingToIndex"),)
    found = decide(replace(FIRST, published=V1, jobs=(ended(State.FAILED),), pods=pods))
    assert found.published == V1
    assert (found.check.verdict, "v1 goes on answering" in found.check.message) == (Verdict.STUCK, True)


def test_a_job_that_took_too_long_or_died_silently_is_named() -> None:
    assert (
        decide(replace(FIRST, jobs=(ended(State.FAILED, why="DeadlineExceeded"),))).check.reason == "IngestionTimedOut"
    )
    silent = decide(replace(FIRST, jobs=(ended(State.FAILED, why="BackoffLimitExceeded"),)))
    assert silent.check.reason == "IngestionFailed"
    killed = PodView("p", "shop-ingest-v2", "ingestion", phase="Failed",
                     containers=(ContainerView("ingest", "i", ended=Ended("OOMKilled", 137, "")),))  # fmt: skip
    assert decide(replace(FIRST, jobs=(ended(State.FAILED),), pods=(killed,))).check.reason == "OOMKilled"


def test_a_reason_that_we_do_not_know_becomes_one_that_is_documented() -> None:
    found = decide(replace(FIRST, jobs=(ended(State.FAILED),), pods=(failure(temporary=True, reason="Gremlins"),)))
    assert found.check.reason == "IngestionFailed"


def test_a_job_is_read_by_its_final_conditions_alone() -> None:
    job: dict[str, Any] = {"metadata": {"name": "j", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    assert view(job).state is State.ACTIVE
    early = {"type": "SuccessCriteriaMet", "status": "True", "lastTransitionTime": "2026-01-01T00:00:01Z"}
    final = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-01-01T00:00:02Z"}
    assert view({**job, "status": {"conditions": [early]}}).state is State.ACTIVE
    assert view({**job, "status": {"conditions": [early, final]}}).state is State.COMPLETE


# Judged, gated, published by hand, gone back.

JUDGEMENT = {
    "judgedBy": "j1",
    "scores": {"questions": 10, "recallAt5": 0.8},
    "against": "v1",
    "lost": ["q3"],
    "lostTotal": 1,
}
FAILED_GATE = {"metric": "recallAt5", "atLeast": 0.9, "value": 0.8}
JUDGED = replace(FIRST, published=V1, judged_by="j1")


def test_a_version_that_fails_a_gate_is_told_with_its_figures_and_the_old_one_answers() -> None:
    words = report(published=False, judgement={**JUDGEMENT, "failed": [FAILED_GATE]})
    found = decide(replace(JUDGED, jobs=(ended(State.COMPLETE),), pods=(pod(words),)))
    assert (found.phase, found.published, found.create, found.publish) == ("Refused", V1, False, None)
    assert (found.check.verdict, found.check.reason) == (Verdict.STUCK, "GatesFailed")
    assert "recallAt5 0.8, below 0.9" in found.check.message
    assert "1 questions lost (q3)" in found.check.message
    assert "v1 goes on answering" in found.check.message
    assert [(each.version, each.state) for each in found.versions] == [("v2", "Refused")]


def test_a_version_waits_for_a_person_where_publishing_is_by_hand() -> None:
    words = report(published=False)
    by_hand = replace(FIRST, automatic=False, jobs=(ended(State.COMPLETE),), pods=(pod(words),))
    found = decide(by_hand)
    assert (found.phase, found.check.reason, found.check.verdict) == ("Waiting", "AwaitingPublication", Verdict.STUCK)
    beside = decide(replace(by_hand, published=V1))
    assert (beside.phase, beside.check.verdict) == ("Waiting", Verdict.OK)
    assert decide(replace(by_hand, pinned="v2")).publish == "v2"


def test_going_back_is_one_small_job_before_all_else() -> None:
    back = replace(FIRST, published=V2, versions=knows("v2", "v1"), automatic=False, pinned="v1")
    begun = decide(back)
    assert (begun.publish, begun.create, begun.phase, begun.candidate) == ("v1", False, "Publishing", "v1")
    assert begun.check.verdict is Verdict.OK  # v2 answers meanwhile
    live = {"kind": "Job", "metadata": {"name": "shop-publish-v1"}}
    job = JobView(live, "shop-publish-v1", State.COMPLETE, NOW, NOW, "", "uid-9")
    words = report("v1", embedded=0)
    done = decide(replace(back, jobs=(job, ended(State.COMPLETE)), pods=(pod(words, name="shop-publish-v1"),)))
    assert done.published is not None
    assert (done.published.version, done.published.job) == ("v1", "uid-9")
    assert (done.delete, done.publish) == ((LIVE,), None)
    states = {each.version: each.state for each in done.versions}
    assert states["v1"] == "Published"


def test_a_pin_that_names_nothing_is_told_and_what_answers_goes_on() -> None:
    found = decide(replace(FIRST, published=V2, versions=knows("v2"), automatic=False, pinned="v9"))
    assert (found.check.verdict, found.check.reason) == (Verdict.STUCK, "VersionNotFound")
    assert "it holds: v2" in found.check.message
    assert found.published == V2


def test_a_version_that_the_store_has_lost_is_forgotten() -> None:
    back = replace(FIRST, published=V2, versions=knows("v2", "v1"), automatic=False, pinned="v1")
    job = JobView(
        {"kind": "Job", "metadata": {"name": "shop-publish-v1"}}, "shop-publish-v1", State.FAILED, NOW, NOW, ""
    )
    gone = pod({"reason": "VersionGone", "message": "gone", "temporary": False}, 65, "shop-publish-v1")
    found = decide(replace(back, jobs=(job,), pods=(gone,)))
    assert [each.version for each in found.versions] == ["v2"]
    assert (found.check.reason, found.delete) == ("VersionNotFound", (job.live,))


def test_a_job_that_would_publish_is_stopped_before_going_back() -> None:
    back = replace(
        FIRST, job_name="shop-ingest-v2-abc", published=V1, versions=knows("v1", "v0"), automatic=False, pinned="v0"
    )
    found = decide(replace(back, jobs=(JOB,)))
    assert (found.delete, found.publish) == ((LIVE,), None)
    assert decide(replace(back, pods=(PodView("p", "shop-ingest-v2", "ingestion", phase="Running"),))).publish is None
    assert decide(back).publish == "v0"


def test_a_version_that_is_kept_is_published_again_without_a_build() -> None:
    found = decide(replace(FIRST, published=V1, versions=knows("v1", "v2")))
    assert (found.publish, found.create) == ("v2", False)


def test_new_questions_judge_again_what_is_published() -> None:
    judged = replace(JUDGED, published=V2, versions=knows("v2", judged_by="j0"))
    assert decide(judged).create
    same = replace(judged, versions=knows("v2", judged_by="j1"))
    assert (decide(same).create, decide(same).phase) == (False, None)


def test_a_pinned_version_that_cannot_be_published_is_a_failed_candidate_though_nothing_is_to_be_built() -> None:
    failed = JobView(
        {"kind": "Job", "metadata": {"name": "shop-publish-v1"}}, "shop-publish-v1", State.FAILED, NOW, NOW, "", "uid"
    )
    pinned = replace(FIRST, version=None, job_name=None, automatic=False, pinned="v1", versions=knows("v1"))
    found = decide(replace(pinned, jobs=(failed,), pods=(pod("no report", 75, failed.name),)))
    assert (found.phase, found.candidate) == ("Failed", "v1")


def test_what_is_being_published_is_the_candidate_while_an_older_build_stops() -> None:
    def running(name: str) -> JobView:
        return JobView({"kind": "Job", "metadata": {"name": name}}, name, State.ACTIVE, NOW, None, "", name)

    pinned = replace(FIRST, automatic=False, pinned="v0", versions=knows("v0"), store_ready=False)
    found = decide(replace(pinned, jobs=(running("shop-publish-v0"), running("shop-ingest-v1"))))
    assert [live["metadata"]["name"] for live in found.delete] == ["shop-ingest-v1"]
    assert (found.phase, found.candidate) == ("Pending", "v0")


# Whatever happens.

STATES = st.sampled_from(list(State))
NAMES = st.sampled_from(["v0", "v1", "v2"])
MESSAGES = st.one_of(
    st.just("no report"),
    st.builds(lambda version, published: json.dumps(report(version, published=published)), NAMES, st.booleans()),
    st.sampled_from([json.dumps(report("v2", published=False, judgement={**JUDGEMENT, "failed": [FAILED_GATE]}))]),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any mixture of Jobs, memories and wishes."""
    jobs, pods = [], []
    names = [*(f"shop-ingest-{each}" for each in ("v1", "v2")), *FIRST.publish_jobs.values()]
    for number, name in enumerate(draw(st.lists(st.sampled_from(names), unique=True, max_size=4))):
        state = draw(STATES)
        at = NOW - timedelta(seconds=draw(st.integers(0, 120)))
        live = {"kind": "Job", "metadata": {"name": name}}
        jobs.append(JobView(live, name, state, at, None if state is State.ACTIVE else at, "", f"uid-{number}"))
        if state is not State.ACTIVE:
            pods.append(pod(draw(MESSAGES), 0 if state is State.COMPLETE else 75, name))
    known = draw(st.lists(NAMES, unique=True))
    published = draw(st.one_of(st.none(), NAMES))
    return replace(
        FIRST,
        version=(version := draw(st.sampled_from(["v2", None]))),
        job_name="shop-ingest-v2" if version else None,
        published=V1.model_copy(update={"version": published}) if published else None,
        versions=knows(*known, judged_by=draw(st.sampled_from(["j1", "j0", None]))),
        volume=draw(st.sampled_from([VOLUME, "volume-2"])),
        judged_by=draw(st.sampled_from([None, "j1"])),
        automatic=(automatic := draw(st.booleans())),
        pinned=None if automatic else draw(st.one_of(st.none(), NAMES)),
        store_ready=draw(st.booleans()),
        publish_jobs={name: job for name, job in FIRST.publish_jobs.items() if name in {*known, version}},
        jobs=tuple(jobs),
        pods=tuple(pods),
    )


@given(situations())
def test_whatever_happens_at_most_one_thing_publishes_and_nothing_is_made_beside_it(now: Situation) -> None:
    found = decide(now)
    assert not (found.create and found.publish)
    alive = {job.name for job in now.jobs if job.state is State.ACTIVE and job.live not in found.delete}
    allowed = {now.job_name, now.publish_jobs.get(found.candidate or "")}
    if found.create or found.publish:
        made = now.job_name if found.create else now.publish_jobs[found.publish or ""]
        assert alive <= {now.job_name} - ({made} if found.create else set())
        assert made not in {job.name for job in now.jobs if job.live not in found.delete}
        assert now.store_ready
    assert alive <= allowed


@given(situations())
def test_whatever_happens_it_says_something_that_is_documented(now: Situation) -> None:
    found = decide(now)
    assert found.check.message
    assert found.check.reason in set(Reason)
    assert (found.phase is None) == (found.candidate is None)
    assert sum(each.state == "Published" for each in found.versions) <= 1
    told = [job.live["metadata"]["name"] for job in now.jobs]
    assert all(live["metadata"]["name"] in told for live in found.delete)
    assert len({live["metadata"]["name"] for live in found.delete}) == len(found.delete)


@given(situations())
def test_what_was_decided_and_done_is_not_decided_again(now: Situation) -> None:
    """With the status written and the Jobs deleted, the next look changes neither what is published nor what is known."""
    first = decide(now)
    left = tuple(job for job in now.jobs if job.live not in first.delete)
    after = replace(now, jobs=left, published=first.published, versions=first.versions, remembered_volume=first.volume)
    second = decide(after)
    assert second.published == first.published
    assert [each.version for each in second.versions] == [each.version for each in first.versions]


@given(situations())
def test_a_refused_version_never_publishes_itself(now: Situation) -> None:
    refused = replace(
        now, versions=knows("v2", judged_by="j1", failed_gates=("mrr 0, below 1",)), judged_by="j1", jobs=(), pods=()
    )
    if refused.pinned != "v2":
        assert decide(refused).publish != "v2"


def test_a_job_is_done_as_soon_as_its_own_pod_has_reported() -> None:
    reported = replace(pod(report()), owner="uid-2")
    assert heard(JOB, [reported]).state is State.COMPLETE
    assert decide(replace(FIRST, jobs=[heard(JOB, [reported])], pods=[reported])).published == V2.model_copy(
        update={"documents": 4, "chunks": 9, "at": NOW.isoformat(), "job": "uid-2"}
    )


def test_the_pod_of_an_earlier_job_of_the_name_says_nothing_of_this_one() -> None:
    assert heard(JOB, [replace(pod(report()), owner="uid-1"), pod(report())]).state is State.ACTIVE
    assert heard(replace(JOB, uid=""), [pod(report())]).state is State.ACTIVE
    assert heard(JOB, [replace(pod("", exit_code=75), owner="uid-2")]).state is State.ACTIVE


def shard(number: int, message: dict[str, Any] | str, exit_code: int = 0) -> PodView:
    """A pod of several that build a version together."""
    return replace(pod(message, exit_code), name=f"p-{number}", number=number, owner=JOB.uid)


def part(number: int) -> dict[str, Any]:
    return {"version": "v2", "shard": number, "shards": 3, "chunks": 3, "embedded": 3}


def test_of_several_pods_the_first_reports() -> None:
    others = (shard(2, part(2)), shard(1, part(1)))
    assert heard(JOB, others).state is State.ACTIVE
    working = replace(FIRST, jobs=(JOB,), pods=others)
    assert (decide(working).phase, decide(working).check.reason) == ("Building", "Building")
    pods = (*others, shard(0, report()))
    done = decide(replace(FIRST, jobs=(heard(JOB, pods),), pods=pods))
    assert done.published and (done.published.version, done.check.reason) == ("v2", "Published")


def test_of_several_pods_the_one_that_no_try_helps_tells_why_the_job_failed() -> None:
    terminated = shard(2, "Terminated", 143)
    lost = {"reason": "EmbeddingFailed", "message": "the endpoint refuses", "temporary": False}
    busy = {"reason": "StoreUnreachable", "message": "no answer", "temporary": True}
    failed = replace(ended(State.FAILED, why="PodFailurePolicy"))
    found = decide(replace(FIRST, jobs=(failed,), pods=(terminated, shard(0, busy, 75), shard(1, lost, 65))))
    assert (found.check.verdict, found.check.reason) == (Verdict.STUCK, "EmbeddingFailed")
    assert "the endpoint refuses" in found.check.message


def test_several_pods_that_must_begin_anew_are_made_again_after_a_while() -> None:
    spoilt = {"reason": "BuildSpoilt", "message": "all shards begin anew", "temporary": True}
    failed = ended(State.FAILED, why="PodFailurePolicy")
    now = replace(FIRST, jobs=(failed,), pods=(shard(0, spoilt, 70), shard(1, part(1))))
    assert (decide(now).again_after, decide(now).phase) == (RETRY, "Failed")
    assert "all shards begin anew; it is tried again" in decide(now).check.message
    assert decide(replace(now, now=NOW + RETRY)).delete == (LIVE,)


def test_a_shard_whose_tries_fail_is_named_while_the_others_go_on() -> None:
    busy = {"reason": "EmbeddingUnreachable", "message": "429", "temporary": True}
    running = PodView("p-0", "shop-ingest-v2", "ingestion", phase="Running", number=0)
    found = decide(replace(FIRST, jobs=(JOB,), pods=(shard(1, busy, 75), running)))
    assert (found.phase, found.delete) == ("Building", ())
    assert "429" in found.check.message and "tried again" in found.check.message


def test_a_late_shard_of_an_older_version_holds_nothing_up_and_one_of_this_version_does() -> None:
    late = PodView("p-2", "shop-ingest-v1", "ingestion", phase="Pending", number=2)
    answering = replace(FIRST, published=V1, versions=knows("v1"), jobs=(OLD_JOB,))
    assert decide(replace(answering, pods=(late,))).create
    assert not decide(replace(answering, pods=(replace(late, number=0),))).create, "a leader may publish"
    assert not decide(replace(answering, pods=(replace(late, workload="shop-ingest-v2"),))).create, (
        "its Job was deleted"
    )


def test_of_two_that_were_heard_the_older_is_not_heard_again_alone() -> None:
    """Or the version that the newer one built, which the store still holds, would be forgotten."""
    versions = [{"version": name, "documents": 4, "chunks": 9, "created": 1.0} for name in ("v1", "v2")]
    older = replace(ended(State.COMPLETE), created=NOW - timedelta(seconds=60))
    live = {"kind": "Job", "metadata": {"name": "shop-ingest-v1"}}
    newer = replace(ended(State.COMPLETE), created=NOW, name="shop-ingest-v1", live=live)
    pods = (
        pod(report("v2", published=False, versions=versions[1:]), name=older.name),
        pod(report("v1", published=False, versions=versions), name=newer.name),
    )
    found = decide(replace(FIRST, automatic=False, jobs=(older, newer), pods=pods))
    assert [each.version for each in found.versions] == ["v1", "v2"]
    assert {live["metadata"]["name"] for live in found.delete} == {older.name, newer.name}
