"""Companions are asked by their logs, no more often than it is needed, and silence is no news."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from kefu_operator.adapters.told import LINGER_SECONDS, State
from kefu_operator.errors import ApiError, Unavailable
from kefu_operator.gather import companions
from kefu_operator.gather.companions import AT_ONCE, FRESH_SECONDS, LINE_BYTES, Companions
from kefu_operator.pods import ContainerView, PodView
from kefu_operator.status.adapter_checks import check_adapters

VOICE = {"voice-1a2b": "voice"}
LOADED = State(frozenset(VOICE)).line()


def pod(name: str, restarts: int = 0, component: str = "engine", **more: bool) -> PodView:
    containers = (
        ContainerView("engine", "i", ready=True, running=True, restarts=restarts),
        ContainerView("adapters", "i", ready=True, running=True),
    )
    return replace(PodView(name, component=component, ready=True, containers=containers, uid=f"uid-{name}"), **more)  # type: ignore[arg-type]


class Logs:
    """Of companions, by the pod's name; a kubelet that hangs has None."""

    def __init__(self, lines: dict[str, str | ApiError | None]) -> None:
        self.lines = lines
        self.asked: list[str] = []
        self.open, self.most = 0, 0

    async def log_tail(self, namespace: str, pod: str, container: str, **tail: bool | int) -> str:
        # Of several lines the newest would be the one that the bound cuts off.
        assert (namespace, container, tail) == ("acme", "adapters", {"previous": False, "lines": 1, "most": LINE_BYTES})
        self.asked.append(pod)
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        self.open -= 1
        line = self.lines[pod]
        if line is None:
            await asyncio.sleep(60)
        if isinstance(line, ApiError):
            raise line
        return line or ""


class Bench:
    """Pods with logs, and a clock."""

    def __init__(self, **lines: str | ApiError | None) -> None:
        self.logs, self.now = Logs(lines), 1000.0
        self.companions = Companions(lambda: self.now)

    async def lacking(
        self, pods: Iterable[PodView], wanted: Iterable[str] = tuple(VOICE), after: float = 0
    ) -> set[str]:
        """Pods of which it is not known that they have the adapter."""
        self.now += after
        self.logs.asked.clear()
        told = await self.companions.ask(self.logs, "acme", tuple(pods), frozenset(wanted))  # type: ignore[arg-type]
        return {each.name for each in told if check_adapters(VOICE, [each])}


async def test_all_pods_of_an_engine_are_asked_a_few_at_a_time() -> None:
    names = [f"p{number}" for number in range(20)]
    bench = Bench(**dict.fromkeys(names, LOADED) | {"p3": State().line()})
    assert await bench.lacking(map(pod, names)) == {"p3"}
    assert sorted(bench.logs.asked) == sorted(names)
    assert bench.logs.most == AT_ONCE


async def test_who_has_told_that_all_is_loaded_is_asked_again_after_a_while_alone() -> None:
    bench = Bench(a=LOADED, b=State().line())
    pods = [pod("a"), pod("b")]
    assert await bench.lacking(pods) == {"b"}
    assert await bench.lacking(pods) == {"b"}
    assert bench.logs.asked == ["b"]
    bench.logs.lines["b"] = LOADED
    assert await bench.lacking(pods) == set()
    assert (await bench.lacking(pods), bench.logs.asked) == (set(), [])
    assert (await bench.lacking(pods, after=FRESH_SECONDS), bench.logs.asked) == (set(), ["a", "b"])


async def test_who_lacks_an_adapter_that_is_wanted_now_is_asked_again() -> None:
    bench = Bench(a=LOADED)
    await bench.lacking([pod("a")])
    await bench.lacking([pod("a")], wanted=[*VOICE, "other-3c4d"])
    assert bench.logs.asked == ["a"]


def test_the_state_of_two_hundred_adapters_can_be_read() -> None:
    names = frozenset(f"{number:04}-{'n' * 58}" for number in range(200))
    assert len(State(names | VOICE.keys()).line()) < LINE_BYTES


@pytest.mark.parametrize("line", ["", "Unclosed client session", Unavailable("the node does not answer", 503)])
async def test_what_nobody_tells_is_not_known(line: str | ApiError) -> None:
    bench = Bench(a=line, b=LOADED)
    assert await bench.lacking([pod("a"), pod("b")]) == {"a"}


async def test_a_kubelet_that_hangs_keeps_nobody_waiting_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companions, "LOG_SECONDS", 0.05)
    bench = Bench(a=None, b=LOADED)
    async with asyncio.timeout(5):
        assert await bench.lacking([pod("a"), pod("b")]) == {"a"}


async def test_a_log_that_cannot_be_read_for_a_while_makes_nothing_unknown_that_must_still_be_true() -> None:
    bench = Bench(a=LOADED)
    assert await bench.lacking([pod("a")]) == set()
    bench.logs.lines["a"] = Unavailable("the node does not answer", 503)
    assert await bench.lacking([pod("a")], after=LINGER_SECONDS - 1) == set()
    assert bench.logs.asked == ["a"]
    assert await bench.lacking([pod("a")], after=1) == {"a"}


async def test_a_container_that_was_started_anew_has_loaded_nothing_until_it_says_so() -> None:
    bench = Bench(a=LOADED)
    assert await bench.lacking([pod("a")]) == set()
    bench.logs.lines["a"] = ""
    assert await bench.lacking([pod("a", restarts=1)]) == {"a"}
    assert await bench.lacking([replace(pod("a"), uid="another")]) == {"a"}


async def test_pods_that_do_not_answer_and_workers_are_not_asked() -> None:
    bench = Bench()
    pods = [pod("new", ready=False), pod("old", deleting=True), pod("worker", component="engine-worker")]
    assert await bench.lacking(pods) == set()
    assert bench.logs.asked == []


async def test_an_older_pod_without_a_companion_has_no_adapters() -> None:
    bench = Bench()
    assert await bench.lacking([replace(pod("a"), containers=pod("a").containers[:1])]) == {"a"}
