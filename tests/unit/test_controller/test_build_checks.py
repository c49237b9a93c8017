"""What an engine's build tells."""

from typing import Any

import pytest

from kefu_operator.building import BuildView
from kefu_operator.gather.refused import lacks_pods
from kefu_operator.pods import ContainerView, Ended, PodView
from kefu_operator.status.build_checks import check_build
from kefu_operator.status.check import Verdict


def job(*conditions: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": "build-1"},
        "status": {"conditions": [{"status": "True", **each} for each in conditions]},
    }


def test_a_build_that_is_done_says_nothing() -> None:
    assert check_build("build-1", BuildView(job({"type": "Complete"}))) is None


def test_a_build_that_has_not_begun_is_waited_for() -> None:
    found = check_build("build-1", BuildView())
    assert found
    assert (found.verdict, found.reason) == (Verdict.WAIT, "EngineBuilding")


def test_a_build_whose_pod_finds_no_node_names_it() -> None:
    pod = PodView("build-1-x", unschedulable="0/3 nodes: Insufficient nvidia.com/gpu")
    found = check_build("build-1", BuildView(job(), (pod,)))
    assert found
    assert found.reason == "Unschedulable"


def test_a_build_that_failed_has_the_jobs_reason_and_its_pods_last_words() -> None:
    ended = ContainerView("build", "trt", ended=Ended("Error", 1, "Traceback\n  ...\nRuntimeError: out of memory\n"))
    failed = {
        "type": "Failed",
        "reason": "BackoffLimitExceeded",
        "message": "Job has reached the specified backoff limit",
    }
    found = check_build("build-1", BuildView(job(failed), (PodView("build-1-x", containers=(ended,)),)))
    assert found
    assert (found.verdict, found.reason) == (Verdict.STUCK, "EngineBuildFailed")
    assert "BackoffLimitExceeded: Job has reached the specified backoff limit" in found.message
    assert "RuntimeError: out of memory" in found.message
    assert "delete the Job" in found.message


def test_a_build_whose_pod_is_refused_says_by_what() -> None:
    found = check_build(
        "build-1", BuildView(job()), "pods is forbidden: exceeded quota: tight, requested: nvidia.com/gpu=1"
    )
    assert found
    assert (found.verdict, found.reason) == (Verdict.STUCK, "QuotaExceeded")


@pytest.mark.parametrize(
    ("status", "lacking"),
    [
        ({}, False),
        ({"startTime": "t"}, True),
        ({"startTime": "t", "active": 1}, False),
        ({"startTime": "t", "succeeded": 1}, False),
        ({"startTime": "t", "conditions": [{"type": "Failed"}]}, False),
    ],
)
def test_a_job_lacks_its_pod_while_its_controller_cannot_make_it(status: dict[str, Any], lacking: bool) -> None:
    assert lacks_pods({"kind": "Job", "metadata": {"name": "b"}, "spec": {}, "status": status}) == lacking
