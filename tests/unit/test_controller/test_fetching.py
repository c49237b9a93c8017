"""When remote sources are fetched, and what becomes of the reports."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kefu_api.documents.fetch import FetchedSource, FetchReport
from kefu_api.kinds.knowledge.index import SourceStatus
from kefu_operator.fetching.decide import FetchSituation, decide_fetching
from kefu_operator.fetching.rhythm import Rhythm
from kefu_operator.ingestion.jobs import JobView, State
from kefu_operator.pods import ContainerView, Ended, PodView
from kefu_operator.status.check import Verdict

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAME = "shop-fetch-abc"
EVERY_5_MINUTES = Rhythm(timedelta(minutes=5))
AT_TWO = Rhythm(schedule="0 2 * * *")


def situation(**changed: Any) -> FetchSituation:
    settled = FetchSituation(
        key="abc",
        job_name=NAME,
        rhythms={"web": EVERY_5_MINUTES, "git": EVERY_5_MINUTES},
        volume="uid",
        sources=(status("web", "d1"), status("git", "d2")),
        remembered="abc.uid",
        jobs=(),
        pods=(),
        now=NOW,
    )
    return replace(settled, **changed)


def status(name: str, digest: str | None, ago: int = 60, reason: str | None = None) -> SourceStatus:
    at = (NOW - timedelta(seconds=ago)).isoformat()
    return SourceStatus(name=name, digest=digest, files=1, reason=reason, message=reason and "why", at=at)


def job(state: State, name: str = NAME) -> JobView:
    live = {"metadata": {"name": name}}
    ended = None if state is State.ACTIVE else NOW - timedelta(seconds=1)
    return JobView(
        live, name, state, NOW - timedelta(seconds=30), ended, "BackoffLimitExceeded" if state is State.FAILED else ""
    )


def pod(message: str = "", code: int = 0, phase: str = "Succeeded") -> PodView:
    ended = Ended("Completed", code, message) if phase != "Running" else None
    container = ContainerView("fetch-sources", "retrieval", ended=ended)
    return PodView("p", workload=NAME, component="sources", phase=phase, containers=(container,))


def report(**sources: Mapping[str, Any]) -> str:
    return FetchReport(
        sources=tuple(FetchedSource(name=name, **held) for name, held in sources.items())
    ).model_dump_json(by_alias=True, exclude_none=True)


def test_what_was_never_fetched_is_fetched_at_once() -> None:
    decision = decide_fetching(situation(sources=(), remembered=None))
    assert decision.create and not decision.digests
    assert {check.verdict for check in decision.checks} == {Verdict.WAIT}


def test_nothing_happens_before_it_is_due() -> None:
    decision = decide_fetching(situation())
    assert not decision.create and decision.again_after == timedelta(minutes=4)
    assert decision.digests == {"web": "d1", "git": "d2"} and not decision.checks


def test_it_is_fetched_again_when_the_interval_is_over() -> None:
    assert decide_fetching(situation(sources=(status("web", "d1", 301), status("git", "d2", 301)))).create


def test_a_failed_source_is_tried_again_sooner() -> None:
    sources = (status("web", "d1", 20, "PlaceUnreachable"), status("git", "d2", 20))
    decision = decide_fetching(situation(sources=sources))
    assert decision.again_after == timedelta(seconds=40)
    assert [check.verdict for check in decision.checks] == [Verdict.OK], "what was fetched before is used"
    assert decide_fetching(
        situation(sources=(status("web", None, 61, "PlaceMissing"),), rhythms={"web": EVERY_5_MINUTES})
    ).create


def test_other_places_are_fetched_at_once_and_what_was_there_holds_meanwhile() -> None:
    decision = decide_fetching(situation(key="other", job_name="shop-fetch-other", jobs=(job(State.ACTIVE),)))
    assert decision.create and decision.digests == {"web": "d1", "git": "d2"}
    assert [each["metadata"]["name"] for each in decision.delete] == [NAME]


def test_another_volume_holds_nothing() -> None:
    decision = decide_fetching(situation(volume="another"))
    assert decision.create and not decision.digests


def test_while_it_runs_what_was_there_holds() -> None:
    decision = decide_fetching(situation(jobs=(job(State.ACTIVE),), pods=(pod(phase="Running"),)))
    assert not decision.create and not decision.delete and decision.digests == {"web": "d1", "git": "d2"}
    assert decision.fetched == "abc.uid"


@pytest.mark.parametrize(("state", "code"), [(State.COMPLETE, 0), (State.FAILED, 75)])
def test_the_report_counts_whether_everything_could_be_fetched_or_not(state: State, code: int) -> None:
    told = report(
        web={"digest": "new", "files": 3},
        git={"digest": "d2", "reason": "PlaceUnreachable", "message": "m", "temporary": True},
    )
    decision = decide_fetching(situation(jobs=(job(state),), pods=(pod(told, code),)))
    assert decision.digests == {"web": "new", "git": "d2"} and decision.fetched == "abc.uid"
    assert [each["metadata"]["name"] for each in decision.delete] == [NAME]
    assert decision.again_after == timedelta(seconds=59)
    assert decision.sources[1].reason == "PlaceUnreachable"


def test_a_job_whose_own_pod_has_reported_is_done_and_a_failure_is_no_trouble_meanwhile() -> None:
    told = report(
        web={"digest": "d1", "reason": "PlaceUnreachable", "message": "m", "temporary": True}, git={"digest": "d2"}
    )
    running = replace(job(State.ACTIVE), uid="new")
    failed = replace(pod(told, 75, "Failed"), owner="new")
    decision = decide_fetching(situation(jobs=(running,), pods=(failed,)))
    assert decision.delete and decision.sources[0].reason == "PlaceUnreachable"
    assert [check.verdict for check in decision.checks] == [Verdict.OK]
    elder = decide_fetching(situation(jobs=(running,), pods=(replace(failed, owner="old"),)))
    assert not elder.delete and not elder.checks, "a pod of the Job before says nothing of this one"


def test_a_job_that_said_nothing_keeps_what_was_there_and_is_tried_again() -> None:
    decision = decide_fetching(situation(jobs=(job(State.FAILED),), pods=()))
    assert decision.digests == {"web": "d1", "git": "d2"} and decision.again_after == timedelta(seconds=59)
    assert "BackoffLimitExceeded" in decision.checks[0].message


def test_a_source_that_never_came_is_a_fault_with_its_reason() -> None:
    told = report(web={"reason": "PlaceForbidden", "message": "correct the Secret"}, git={"digest": "d2"})
    decision = decide_fetching(situation(sources=(), remembered=None, jobs=(job(State.FAILED),), pods=(pod(told, 65),)))
    assert decision.digests == {"git": "d2"}
    (check,) = decision.checks
    assert check.verdict is Verdict.FAIL and "PlaceForbidden" in check.message and "correct the Secret" in check.message


def test_a_source_that_is_gone_is_forgotten() -> None:
    assert decide_fetching(situation(rhythms={"web": EVERY_5_MINUTES})).digests == {"web": "d1"}


def test_a_pod_of_a_deleted_job_is_waited_for() -> None:
    due = (status("web", "d1", 400), status("git", "d2", 400))
    decision = decide_fetching(situation(sources=due, pods=(pod(phase="Running"),)))
    assert not decision.create and decision.again_after == timedelta(seconds=5)


def test_a_scheduled_source_is_fetched_when_its_time_has_come_and_says_when_that_is() -> None:
    told = report(web={"digest": "new"})
    done = decide_fetching(situation(rhythms={"web": AT_TWO}, jobs=(job(State.COMPLETE),), pods=(pod(told),)))
    assert [source.next for source in done.sources] == ["2026-11-21T02:00:00+00:00"]
    assert done.again_after == timedelta(hours=14)
    settled = situation(rhythms={"web": AT_TWO}, sources=done.sources)
    assert not decide_fetching(replace(settled, now=NOW + timedelta(hours=13, minutes=59))).create
    assert decide_fetching(replace(settled, now=NOW + timedelta(hours=14))).create


def test_what_came_due_while_a_long_fetch_ran_is_fetched_after_it() -> None:
    running = replace(job(State.COMPLETE), created=NOW - timedelta(hours=11), ended=NOW)
    decision = decide_fetching(
        situation(rhythms={"web": AT_TWO}, jobs=(running,), pods=(pod(report(web={"digest": "d"})),))
    )
    assert [source.next for source in decision.sources] == ["2026-11-20T02:00:00+00:00"]
    assert decision.again_after is not None and decision.again_after < timedelta(0)


def test_a_scheduled_source_that_failed_is_tried_again_before_its_time() -> None:
    told = report(web={"digest": "d1", "reason": "PlaceUnreachable", "message": "m", "temporary": True})
    decision = decide_fetching(situation(rhythms={"web": AT_TWO}, jobs=(job(State.COMPLETE),), pods=(pod(told),)))
    assert decision.again_after == timedelta(seconds=59)


def test_a_source_that_was_not_asked_since_it_was_early_keeps_its_time() -> None:
    told = report(web={"digest": "new"}, git={"digest": "d2", "early": True})
    hourly = Rhythm(timedelta(hours=1))
    decision = decide_fetching(
        situation(rhythms={"web": EVERY_5_MINUTES, "git": hourly}, jobs=(job(State.COMPLETE),), pods=(pod(told),))
    )
    web, git = decision.sources
    assert git.at == status("git", "d2").at and git.next == "2026-11-20T12:59:00+00:00"
    assert web.next == "2026-11-20T12:04:59+00:00"


def test_a_schedule_that_never_comes_due_is_fetched_once() -> None:
    never = {"web": Rhythm(schedule="0 0 30-31 2 */7")}
    done = decide_fetching(
        situation(rhythms=never, jobs=(job(State.COMPLETE),), pods=(pod(report(web={"digest": "d"})),))
    )
    assert done.sources[0].next is None and done.again_after is None
    assert not decide_fetching(situation(rhythms=never, sources=done.sources, now=NOW + timedelta(days=400))).create
