"""Workers: so many at a time, each key alone, and a defect in one stops no other."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from kefu_operator.errors import NotLeading, Throttled
from kefu_operator.metrics import Metrics
from kefu_operator.queue import Backoff, Key, KeyQueue
from kefu_operator.workers import Again, Workers


class Recorder:
    """A reconcile that waits until it is let go."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.together = 0
        self.most = 0
        self.gate = asyncio.Event()
        self.errors: dict[str, list[Exception]] = {}

    async def __call__(self, namespace: str, name: str) -> Again:
        self.started.append(name)
        self.together += 1
        self.most = max(self.most, self.together)
        await self.gate.wait()
        self.together -= 1
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        return Again()


def workers(recorder: Recorder, limit: int = 2) -> tuple[Workers, Metrics]:
    metrics = Metrics(CollectorRegistry())
    backoff = Backoff(first=0.001, ceiling=0.002)
    return Workers(KeyQueue(backoff), {"K": recorder}, metrics, limit=limit), metrics


def outcome(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value("kefu_operator_reconciles_total", {"kind": "K", "outcome": name}) or 0


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not question():  # noqa: ASYNC110 - a counter tells of no change
            await asyncio.sleep(0.001)


async def settle(recorder: Recorder, count: int) -> None:
    await until(lambda: len(recorder.started) >= count)


async def test_no_more_run_together_than_the_limit_allows() -> None:
    recorder, stop = Recorder(), asyncio.Event()
    working, _ = workers(recorder)
    for name in "abcde":
        working.add(Key("K", "ns", name))
    task = asyncio.create_task(working.run(stop))
    await settle(recorder, 2)
    recorder.gate.set()
    await settle(recorder, 5)
    stop.set()
    await task
    assert recorder.most == 2
    assert sorted(recorder.started) == list("abcde")


@pytest.mark.parametrize(
    ("error", "name"), [(Throttled("busy", 429), "retried"), (ZeroDivisionError("a defect"), "defect")]
)
async def test_a_failed_key_comes_again_and_is_counted(error: Exception, name: str) -> None:
    recorder, stop = Recorder(), asyncio.Event()
    recorder.gate.set()
    recorder.errors["a"] = [error]
    working, metrics = workers(recorder)
    working.add(Key("K", "ns", "a"))
    task = asyncio.create_task(working.run(stop))
    await settle(recorder, 2)
    await until(lambda: outcome(metrics, "ok") > 0)
    stop.set()
    await task
    assert outcome(metrics, name) == 1


async def test_stopping_lets_a_running_reconcile_end() -> None:
    recorder, stop = Recorder(), asyncio.Event()
    working, metrics = workers(recorder)
    working.add(Key("K", "ns", "a"))
    task = asyncio.create_task(working.run(stop))
    await settle(recorder, 1)
    stop.set()
    await asyncio.sleep(0.01)
    recorder.gate.set()
    await task
    assert outcome(metrics, "ok") == 1


async def test_while_it_stands_by_it_keeps_keys_and_begins_none() -> None:
    recorder, stop = Recorder(), asyncio.Event()
    recorder.gate.set()
    working, metrics = workers(recorder)
    working.pause(True)
    task = asyncio.create_task(working.run(stop))
    for name in "ab":
        working.add(Key("K", "ns", name))
    await until(lambda: metrics.registry.get_sample_value("kefu_operator_queue_depth", {"kind": "K"}) == 2)
    assert recorder.started == []
    working.pause(False)
    await settle(recorder, 2)
    working.pause(True)
    working.add(Key("K", "ns", "c"))
    await asyncio.sleep(0.02)
    stop.set()
    await task
    assert recorder.started == ["a", "b"]


async def test_a_lost_lease_is_no_failure_and_the_key_is_kept() -> None:
    recorder, stop = Recorder(), asyncio.Event()
    recorder.gate.set()
    recorder.errors["a"] = [NotLeading("lost")]
    working, metrics = workers(recorder)
    working.add(Key("K", "ns", "a"))
    task = asyncio.create_task(working.run(stop))
    await until(lambda: outcome(metrics, "fenced") == 1)
    await settle(recorder, 2)
    stop.set()
    await task
    assert (outcome(metrics, "ok"), outcome(metrics, "retried"), outcome(metrics, "defect")) == (1, 0, 0)
