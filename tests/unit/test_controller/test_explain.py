"""Explaining a pod: what only logs and events tell, and what happens where they cannot be read."""

import json
from dataclasses import replace
from typing import Any

import pytest

from kefu_operator.client.client import Listing
from kefu_operator.errors import ApiError, Rejected, Unavailable
from kefu_operator.gather.pods import explain, gather_pods, view
from kefu_operator.ingestion.progress import Progress, parse, progress_of


class FakeClient:
    """Has one log and a few events."""

    def __init__(self, log: str | ApiError = "", events: tuple[dict[str, Any], ...] = ()) -> None:
        self.log, self.events = log, events
        self.asked: list[Any] = []

    async def log_tail(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        self.asked.append((pod, container, previous))
        if isinstance(self.log, ApiError):
            raise self.log
        return self.log

    async def list(self, resource: Any, namespace: str, **_: Any) -> Listing:
        self.asked.append(resource.kind)
        return Listing(self.events, "1")


def pod(**container: Any) -> dict[str, Any]:
    found = {"name": "engine", "image": "i", "restartCount": 0, "ready": False, **container}
    conditions = [{"type": "PodScheduled", "status": "True"}]
    return {
        "metadata": {
            "name": "p",
            "labels": {"app.kubernetes.io/instance": "w", "app.kubernetes.io/name": "kefu-engine"},
        },
        "status": {"phase": "Pending", "conditions": conditions, "containerStatuses": [found]},
    }


CRASHED = {
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "message": "m"}},
    "restartCount": 2,
}


async def test_a_crashed_container_is_told_by_the_last_line_of_its_last_run() -> None:
    client = FakeClient("first\n\n  last words  \n\n")
    found = await explain(client, "acme", view(pod(**CRASHED)))  # type: ignore[arg-type]
    assert found.log_line == "last words"
    assert client.asked == [("p", "engine", True)]


@pytest.mark.parametrize("error", [Rejected("gone", 400), Unavailable("the node does not answer", 503)])
async def test_a_log_that_cannot_be_read_spoils_nothing(error: ApiError) -> None:
    found = await explain(FakeClient(error), "acme", view(pod(**CRASHED)))  # type: ignore[arg-type]
    assert found.log_line == ""
    assert found.crashed is not None


async def test_a_pod_that_does_not_start_is_told_by_its_newest_warning() -> None:
    events: tuple[dict[str, Any], ...] = (
        {"metadata": {}, "message": "older", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"metadata": {}, "message": "newer", "eventTime": "2026-01-01T00:00:01.5Z"},
    )
    waiting = pod(state={"waiting": {"reason": "ContainerCreating"}})
    found = await explain(FakeClient(events=events), "acme", view(waiting))  # type: ignore[arg-type]
    assert found.trouble == "newer"


async def test_a_healthy_pod_costs_no_further_call() -> None:
    client = FakeClient()
    await explain(client, "acme", view(pod(state={"running": {}}, ready=True)))  # type: ignore[arg-type]
    assert client.asked == []


async def test_a_download_is_told_by_the_last_line_of_its_step() -> None:
    client = FakeClient('{"event": "progress", "done": 37}')
    found = pod(state={"waiting": {"reason": "PodInitializing"}})
    found["status"]["initContainerStatuses"] = [{"name": "fetch", "state": {"running": {}}, "restartCount": 1}]
    told = await explain(client, "acme", view(found))  # type: ignore[arg-type]
    assert (told.log_line, client.asked) == ('{"event": "progress", "done": 37}', [("p", "fetch", False)])


def test_a_view_knows_workload_and_component() -> None:
    found = view(pod())
    assert (found.workload, found.component) == ("w", "engine")


class Pods(FakeClient):
    """Lists these pods, and has a log of each."""

    def __init__(self, pods: list[dict[str, Any]]) -> None:
        super().__init__()
        self.pods = pods

    async def log_tail(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        self.asked.append(pod)
        return json.dumps({"message": "progress", "phase": "Building", "done": 40, "total": 90, "left": 12})

    async def list(self, resource: Any, namespace: str, **_: Any) -> Listing:
        return Listing(tuple(self.pods), "1")


def shard(number: int, created: str) -> dict[str, Any]:
    found = pod(state={"running": {}})
    found["metadata"] = {
        "name": f"ingest-{number}",
        "labels": {"app.kubernetes.io/instance": "shop-ingest-v1", "app.kubernetes.io/name": "kefu-ingestion"},
        "annotations": {"batch.kubernetes.io/job-completion-index": str(number)},
        "creationTimestamp": created,
    }
    return found


async def test_of_many_pods_that_build_together_the_first_alone_is_asked_how_far_they_are() -> None:
    client = Pods([shard(number, f"2026-01-01T00:00:{number:02}Z") for number in range(20)])
    found = await gather_pods(client, "acme", "")  # type: ignore[arg-type]
    assert client.asked == ["ingest-0"]
    assert [each.number for each in found] == list(reversed(range(20)))
    assert progress_of(found) == Progress("Building", 40, 90, 12)
    others = [replace(each, log_line=found[-1].log_line) for each in found if each.number]
    assert progress_of(others) is None, "a part says nothing of the whole"


async def test_the_trouble_of_one_workload_hides_none_of_anothers() -> None:
    pods = [shard(number, "2026-01-02T00:00:00Z") for number in range(1, 9)]
    client = Pods([*pods, {**pod(**CRASHED), "metadata": {**pod()["metadata"], "creationTimestamp": "2026-01-01"}}])
    await gather_pods(client, "acme", "")  # type: ignore[arg-type]
    assert client.asked == ["p"]


def test_a_pace_that_no_job_tells_is_left_out() -> None:
    line = {"message": "progress", "phase": "Building", "done": 1, "total": 2}
    assert parse(json.dumps(line)) == Progress("Building", 1, 2, None)
    assert parse(json.dumps({**line, "left": "soon"})) == Progress("Building", 1, 2, None)
    assert parse(json.dumps({**line, "left": -3})) == Progress("Building", 1, 2, 0)
