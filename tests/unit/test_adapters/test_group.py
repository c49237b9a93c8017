"""Adapters of an engine of several pods: none is loaded before every pod has its files, and what keeps one is told."""

from dataclasses import dataclass, field

import pytest

from kefu_api.documents.adapters import Adapters, AdapterSource
from kefu_operator.adapters.group import Shelf, path_of, workers
from kefu_operator.adapters.loader import RETRY_SECONDS, ElsewhereFailed, Loader, NotYet
from kefu_operator.adapters.told import FETCHED, State, parse
from kefu_operator.fetch.errors import NotFound
from tests.unit.test_adapters.test_loader import OUTLET, VOICE, Bench, FakeEngine


def test_workers_are_called_as_their_leader_with_their_number() -> None:
    assert workers("engine-1-nodes-0.engine-1-nodes.acme", 2) == (
        "http://engine-1-nodes-0-1.engine-1-nodes.acme:8002/adapters/engine-1-nodes-0.engine-1-nodes.acme/1",
        "http://engine-1-nodes-0-2.engine-1-nodes.acme:8002/adapters/engine-1-nodes-0.engine-1-nodes.acme/2",
    )
    assert workers("localhost", 1, 7) == (f"http://localhost-1:7{path_of('localhost', 1)}",)


@dataclass
class GroupFake(FakeEngine):
    """An engine of several pods: what asking the others gives comes before its own answer."""

    elsewhere: dict[str, Exception] = field(default_factory=dict)

    async def load(self, name: str, path: str) -> None:
        if error := self.elsewhere.get(name):
            raise error
        await super().load(name, path)


class GroupBench(Bench):
    """The loader of a leader."""

    def __init__(self) -> None:
        super().__init__()
        engine = GroupFake()
        self.elsewhere = engine.elsewhere
        self.loader = Loader(self._fetch, engine, self.told.append, lambda: self.now)


async def test_an_adapter_waits_for_the_other_pods_and_keeps_nobody_else_waiting() -> None:
    bench = GroupBench()
    bench.elsewhere["voice-1"] = NotYet([2, 1])
    assert await bench.step(VOICE, OUTLET) == State(frozenset({"outlet-1"}), {}, frozenset({1, 2}))
    bench.elsewhere["voice-1"] = NotYet([2])
    assert (await bench.step(VOICE, OUTLET)).waits == {2}
    bench.elsewhere.clear()
    assert await bench.step(VOICE, OUTLET) == State(frozenset({"voice-1", "outlet-1"}))


async def test_what_another_pod_cannot_fetch_is_told_and_asked_for_at_each_step() -> None:
    bench = GroupBench()
    bench.elsewhere["voice-1"] = ElsewhereFailed("ModelNotFound", "pod 1 of the group: no such repository")
    assert (await bench.step(VOICE)).failed == {"voice-1": ("ModelNotFound", "pod 1 of the group: no such repository")}
    bench.elsewhere["voice-1"] = NotYet([1])
    assert await bench.step(VOICE, after=1) == State(waits=frozenset({1}))
    bench.elsewhere.clear()
    assert await bench.step(VOICE, after=1) == State(frozenset({"voice-1"}))


async def test_nobody_is_waited_for_once_the_adapter_is_named_no_more() -> None:
    bench = GroupBench()
    bench.elsewhere["voice-1"] = NotYet([1])
    await bench.step(VOICE)
    assert await bench.step(OUTLET) == State(frozenset({"outlet-1"}))


async def test_a_worker_fetches_and_has_what_it_fetched() -> None:
    failures, told, now = [NotFound("no such repository")], list[State](), [0.0]

    async def fetch(source: AdapterSource) -> str:
        if failures:
            raise failures.pop()
        return f"/var/{source.name}"

    loader = Loader(fetch, Shelf(), told.append, lambda: now[0])
    await loader.step(Adapters(adapters=(VOICE, OUTLET)))
    assert told[-1] == State(frozenset({"outlet-1"}), {"voice-1": ("ModelNotFound", "no such repository")})
    now[0] += RETRY_SECONDS
    await loader.step(Adapters(adapters=(VOICE, OUTLET)))
    assert told[-1] == State(frozenset({"voice-1", "outlet-1"}))


def test_a_worker_tells_other_lines_than_a_leader() -> None:
    state = State(frozenset({"voice-1"}), {"outlet-1": ("ModelNotFound", "none")})
    assert parse(state.line(FETCHED)) is None
    assert parse(state.line(FETCHED), FETCHED) == state
    assert parse(state.line(), FETCHED) is None


@pytest.mark.parametrize("odd", ['"failed": {"a": "why"}', '"failed": {"a": ["why"]}', '"failed": 7', '"loaded": {}'])
def test_what_is_not_as_we_write_it_is_left_out(odd: str) -> None:
    assert parse(f'{{"event": "adapters", {odd}}}') == State()


def test_what_a_worker_holds_is_read_as_it_was_written() -> None:
    state = State(frozenset({"voice-1"}), contents={"voice-1": "0a1b"})
    assert parse(state.line(FETCHED), FETCHED) == state
    assert parse('{"event": "fetched", "contents": 7}', FETCHED) == State()


def test_waiting_is_read_as_it_was_written() -> None:
    state = State(frozenset({"a"}), {}, frozenset({3, 1}))
    assert parse(state.line()) == state
    assert '"waits": [1, 3]' in state.line()
