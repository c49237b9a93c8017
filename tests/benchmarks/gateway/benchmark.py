"""The gateway against the engine alone, a bare relay and vllm-router, all on one mock engine in one run, in turns."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway import raw, tables, wrk
from tests.benchmarks.gateway.figures import Figures, Streams, Whole, percentile
from tests.benchmarks.gateway.subjects import INTERVAL, TOKENS, Subject, World
from tests.benchmarks.report import Report

CONNECTIONS = 32
STREAM_SECONDS = TOKENS * INTERVAL


def run(effort: Effort) -> Report:
    """Takes about six minutes in full; see `tables.WHAT` for what is measured and how."""
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder, World(Path(folder)) as world:
        subjects = world.subjects()
        figures = {subject.name: Figures() for subject in subjects}
        world.script(1, 0)
        for subject in subjects:
            subject.check()
        for number in range(effort.repetitions):
            print(f"gateway: repetition {number + 1} of {effort.repetitions}", flush=True)
            for subject in subjects:
                _measure(world, subject, effort, figures[subject.name])
    return tables.report(figures, wrk.installed(), world.notes, len(world.other_cores | world.subject_cores))


def _measure(world: World, subject: Subject, effort: Effort, into: Figures) -> None:
    world.script(1, 0)
    flood(subject, effort.warm_seconds)
    into.whole.append(flood(subject, effort.load_seconds))
    world.script(TOKENS, INTERVAL)
    into.spread.append(_streams(subject, raw.spread(subject.stream, CONNECTIONS, effort.rounds, STREAM_SECONDS)))
    into.burst.append(_streams(subject, raw.burst(subject.stream, CONNECTIONS, effort.rounds)))
    into.resident_bytes = max(into.resident_bytes, subject.process.resident_bytes())


def flood(subject: Subject, seconds: float) -> Whole:
    """Requests without a pause. Raises LoadFailed when some are not answered with 200."""
    before = subject.process.cpu_seconds()
    if wrk.installed():
        done = wrk.flood(subject.whole, CONNECTIONS, seconds)
    else:
        answers = _await(raw.flood(subject.whole, CONNECTIONS, seconds))
        p50, p99 = percentile(answers.totals, 0.5), percentile(answers.totals, 0.99)
        done = wrk.Flood(len(answers.totals), answers.seconds, p50, p99, answers.failed)
    used = subject.process.cpu_seconds() - before
    if done.failed or not done.requests:
        raise LoadFailed(f"{subject.name}: {done.failed} requests failed and {done.requests} ended")
    return Whole(done.requests / done.seconds, done.requests / max(used, 0.01), done.p50, done.p99)


def _streams(subject: Subject, load: Coroutine[Any, Any, raw.Answers]) -> Streams:
    before = subject.process.cpu_seconds()
    answers = _await(load)
    used = subject.process.cpu_seconds() - before
    if answers.failed:
        raise LoadFailed(f"{subject.name}: {answers.failed} of {answers.failed + len(answers.totals)} streams failed")
    first = answers.first_words
    return Streams(percentile(first, 0.5), percentile(first, 0.99), used / (len(first) * TOKENS))


def _await(load: Coroutine[Any, Any, raw.Answers]) -> raw.Answers:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(load)
