"""Which Job an index needs: a table of moments, each with what is done and what is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kefu_api.kinds.knowledge import PublishedVersion
from kefu_operator.gather.pods import ContainerView, Ended, PodView
from kefu_operator.ingestion.decide import RETRY, Situation, decide
from kefu_operator.ingestion.jobs import JobView, State, view
from kefu_operator.status.check import Verdict

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
LIVE: dict[str, Any] = {"kind": "Job", "metadata": {"name": "shop-ingest-v2"}}
OLD: dict[str, Any] = {"kind": "Job", "metadata": {"name": "shop-ingest-v1"}}
JOB = JobView(LIVE, "shop-ingest-v2", State.ACTIVE, NOW - timedelta(minutes=5), None, "")
OLD_JOB = JobView(OLD, "shop-ingest-v1", State.COMPLETE, EARLIER, EARLIER, "")
V1 = PublishedVersion(version="v1", documents=1, chunks=1, at=(NOW - timedelta(minutes=30)).isoformat())
V2 = V1.model_copy(update={"version": "v2"})
FIRST = Situation(
    version="v2",
    job_name="shop-ingest-v2",
    published=None,
    store_ready=True,
    store_since=EARLIER,
    jobs=(),
    pods=(),
    is_current=True,
    now=NOW,
)


def pod(message: dict[str, Any] | str, exit_code: int = 0, name: str = "shop-ingest-v2") -> PodView:
    text = message if isinstance(message, str) else json.dumps(message)
    container = ContainerView("ingest", "i", ended=Ended("", exit_code, text))
    return PodView("p", name, "ingestion", phase="Failed" if exit_code else "Succeeded", containers=(container,))


def report(version: str = "v2", **more: Any) -> dict[str, Any]:
    return {"version": version, "published": True, "documents": 4, "chunks": 9, "embedded": 9, **more}


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
    found = decide(replace(FIRST, published=V2))
    assert (found.create, found.delete, found.phase) == (False, (), None)
    assert (found.check.verdict, found.published) == (Verdict.OK, V2)


def test_a_store_younger_than_the_publication_is_filled_again() -> None:
    found = decide(replace(FIRST, published=V2, store_since=NOW - timedelta(minutes=1)))
    assert found.create
    assert found.check.verdict is Verdict.WAIT


def test_a_job_that_ran_before_the_store_was_made_proves_nothing() -> None:
    late = replace(
        FIRST, store_since=NOW - timedelta(minutes=1), jobs=(ended(State.COMPLETE, EARLIER),), pods=(pod(report()),)
    )
    assert decide(late).delete == (LIVE,)


def test_an_external_store_is_believed_what_the_status_says() -> None:
    assert not decide(replace(FIRST, published=V2, store_since=None)).create


def test_a_finished_job_publishes_what_its_pod_reports() -> None:
    skipped = [{"document": "a.yaml", "reason": "no answer"}]
    words = report(skipped=skipped, skippedTotal=1)
    found = decide(replace(FIRST, jobs=(ended(State.COMPLETE), OLD_JOB), pods=(pod(words),)))
    assert found.published is not None
    assert (found.published.version, found.published.chunks, found.published.skipped) == ("v2", 9, 1)
    assert found.published.skipped_documents == ("a.yaml: no answer",)
    assert found.delete == (OLD,)
    assert "1 left out" in found.check.message


def test_a_finished_job_without_a_report_is_run_again_after_a_while() -> None:
    for pods in ((), (pod("no report"),), (pod(report("v9")),), (pod(report(published=False)),)):
        fresh = decide(replace(FIRST, jobs=(ended(State.COMPLETE),), pods=pods))
        assert (fresh.delete, fresh.again_after) == ((), RETRY)
        late = decide(replace(FIRST, jobs=(ended(State.COMPLETE, NOW - RETRY),), pods=pods))
        assert late.delete == (LIVE,)


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
