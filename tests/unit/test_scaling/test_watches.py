"""Kinds of others are watched while they are there."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kefu_operator.desired.types import Object
from kefu_operator.informers.engines import engine_index
from kefu_operator.kinds import Kinds
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import LEADER_WORKER_SETS, SCALED_OBJECTS
from kefu_operator.watch_children import Subject
from kefu_operator.watch_foreign import SUBJECTS, ForeignWatches
from tests.unit.test_scaling.objects import scaled_object


class Watch:
    """Runs until it is cancelled."""

    def __init__(self, running: list["Watch"]) -> None:
        self._running = running

    async def run(self) -> None:
        self._running.append(self)
        try:
            await asyncio.Event().wait()
        finally:
            self._running.remove(self)


def test_a_kind_is_watched_from_when_it_comes_until_it_goes() -> None:
    async def story() -> list[int]:
        running: list[Watch] = []

        def make(subject: Subject) -> Sequence[Any]:
            return [Watch(running), Watch(running)]

        watches, counts = ForeignWatches(make), []
        keda, groups = Kinds.of(SCALED_OBJECTS), Kinds.of(LEADER_WORKER_SETS)
        for kinds in (Kinds(), keda, keda, Kinds(), groups, Kinds.of(SCALED_OBJECTS, LEADER_WORKER_SETS)):
            watches.follow(kinds)
            await asyncio.sleep(0.01)
            counts.append(len(running))
        await watches.stop()
        return [*counts, len(running)]

    assert asyncio.run(story()) == [0, 2, 2, 0, 2, 4, 0]


def test_a_watch_that_has_ended_by_itself_is_told_and_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Watch):
        async def run(self) -> None:
            raise ValueError("a defect")

    async def story() -> list[int]:
        running: list[Watch] = []
        made: Iterator[Any] = iter([Failing(running), Watch(running), Watch(running), Watch(running)])
        watches, counts = ForeignWatches(lambda _: [next(made), next(made)]), []
        for _ in range(3):
            watches.follow(Kinds.of(SCALED_OBJECTS))
            await asyncio.sleep(0.01)
            counts.append(len(running))
        await watches.stop()
        return counts

    assert asyncio.run(story()) == [1, 2, 2]
    assert "watch of ScaledObject ended by itself" in caplog.text
    assert "a defect" in caplog.text


class Owners:
    """Who is woken by what its labels say."""

    def child_seen(self, found: Object) -> list[Key]:
        return [Key("Engine", found["metadata"]["namespace"], found["metadata"]["labels"]["kefu.dev/engine"])]


def test_a_deleted_scaler_wakes_its_engine_although_only_its_name_is_known() -> None:
    subject = SUBJECTS[0]
    meta = scaled_object()["metadata"]
    assert subject.gone is not None
    woken = subject.gone(Owners(), {"metadata": {"namespace": meta["namespace"], "name": meta["name"]}})  # type: ignore[arg-type]
    assert woken == [Key("Engine", "acme", meta["name"])]


def test_only_what_is_told_of_a_scaler_wakes_anybody() -> None:
    subject = SUBJECTS[0]
    quiet = [scaled_object({"Ready": "True", "Active": active}) for active in ("True", "False")]
    assert subject.project(quiet[0]) == subject.project(quiet[1])
    assert subject.project(quiet[0]) != subject.project(scaled_object({"Ready": "False", "Active": "True"}))


def milvus(state: str, moment: str = "2026-11-26T21:00:00Z") -> Object:
    """A Milvus object of which the Milvus operator tells."""
    condition = {
        "type": "MilvusReady",
        "status": "True" if state == "Healthy" else "False",
        "lastTransitionTime": moment,
    }
    meta = {"namespace": "acme", "name": "shop-milvus", "uid": "1", "generation": 1}
    return {"metadata": meta, "status": {"status": state, "conditions": [condition]}}


def test_a_milvus_wakes_its_index_by_how_it_is_and_not_by_the_time_of_its_checks() -> None:
    project = SUBJECTS[1].project
    assert project(milvus("Healthy")) == project(milvus("Healthy", "2026-11-26T21:00:10Z"))
    assert project(milvus("Healthy")) != project(milvus("Unhealthy"))


def test_a_deleted_milvus_wakes_its_index_although_only_its_name_is_known() -> None:
    gone = SUBJECTS[1].gone
    assert gone is not None
    woken = gone(
        Relations(engine_index(PlanSettings())), {"metadata": {"namespace": "acme", "name": "a-milvus-milvus"}}
    )
    assert woken == [Key("KnowledgeIndex", "acme", "a-milvus")]


def test_a_deleted_group_wakes_its_engine_although_it_is_called_differently() -> None:
    subject = SUBJECTS[2]
    assert subject.gone is not None
    woken = subject.gone(Owners(), {"metadata": {"namespace": "acme", "name": "engine-3f9c-group"}})  # type: ignore[arg-type]
    assert woken == [Key("Engine", "acme", "engine-3f9c")]


def test_of_groups_it_is_told_that_they_are_being_changed() -> None:
    subject = SUBJECTS[2]
    one, other = (
        {
            "metadata": {"uid": "u", "generation": 1},
            "status": {"conditions": [{"type": "UpdateInProgress", "status": now}]},
        }
        for now in ("True", "False")
    )
    assert subject.project(one) != subject.project(other)


def test_of_a_group_it_is_told_how_many_are_ready() -> None:
    subject = SUBJECTS[2]
    one, other = (
        {"metadata": {"uid": "u", "generation": 1}, "status": {"readyReplicas": ready, "hpaPodSelector": "x"}}
        for ready in (0, 1)
    )
    assert subject.project(one) != subject.project(other)
    assert subject.project(one) == subject.project({**one, "status": {"readyReplicas": 0}})
