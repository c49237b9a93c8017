"""A watch goes on whatever the API server answers, and wakes owners once a change."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from kefu_operator.client.client import Listing
from kefu_operator.errors import ApiError, Expired, Silent, Throttled
from kefu_operator.informers.copies import Copies
from kefu_operator.informers.store import Index, Store
from kefu_operator.metrics import Metrics
from kefu_operator.queue import Key
from kefu_operator.relations import Relations
from kefu_operator.resources import DEPLOYMENTS, SERVICES
from kefu_operator.watch_children import OURS, Subject, Watcher

NO_ENGINES = Index("engine", lambda _: ())
OWNED = "kefu.dev/owned-by=ChatbotDeployment.{}"
Event = tuple[str, dict[str, Any]]


def deployment(name: str, version: str) -> dict[str, Any]:
    labels = {"kefu.dev/owned-by": f"ChatbotDeployment.{name}"}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "acme", "resourceVersion": version, "labels": labels},
    }


class ScriptedServer:
    """Answers lists and watches one after the other from a script, then stays silent."""

    def __init__(self, lists: list[list[dict[str, Any]] | ApiError], watches: list[list[Event] | ApiError]) -> None:
        self.lists, self.watches = lists, watches
        self.watched_from: list[str] = []
        self.finished = asyncio.Event()

    async def pages(self, *_: Any, **__: Any) -> AsyncIterator[Listing]:
        found = self.lists.pop(0)
        if isinstance(found, ApiError):
            raise found
        for start in range(0, max(len(found), 1), 2):
            yield Listing(tuple(found[start : start + 2]), "10")

    async def watch(self, resource: Any, namespace: Any, version: str, **_: Any) -> AsyncIterator[Event]:
        self.watched_from.append(version)
        if not self.watches:
            self.finished.set()
            await asyncio.Event().wait()
        found = self.watches.pop(0)
        if isinstance(found, ApiError):
            raise found
        for event in found:
            yield event


def watcher_of(server: ScriptedServer, woken: list[str], metrics: Metrics, copies: Copies | None = None) -> Watcher:
    subject = Subject(DEPLOYMENTS, OURS, Relations.child_seen)
    wake: Callable[[Any], None] = lambda keys: woken.extend(_names(keys))
    kept = copies or Copies({DEPLOYMENTS: Store()})
    return Watcher(server, subject, "acme", Relations(NO_ENGINES), wake, metrics, kept)  # type: ignore[arg-type]


async def woken_by(server: ScriptedServer, copies: Copies | None = None) -> tuple[list[str], Metrics]:
    woken: list[str] = []
    metrics = Metrics(CollectorRegistry())
    watcher = watcher_of(server, woken, metrics, copies)
    task = asyncio.create_task(watcher.run())
    async with asyncio.timeout(30):
        await server.finished.wait()
    task.cancel()
    return woken, metrics


def _names(keys: list[Key]) -> list[str]:
    return [key.name for key in keys]


async def test_a_list_and_each_change_wake_the_owner_and_a_bookmark_nobody() -> None:
    bookmark = {"metadata": {"resourceVersion": "15"}}
    events: list[Event] = [
        ("ADDED", deployment("b", "11")),
        ("MODIFIED", deployment("a", "12")),
        ("BOOKMARK", bookmark),
    ]
    server = ScriptedServer([[deployment("a", "1")]], [events])
    woken, _ = await woken_by(server)
    assert woken == ["a", "b", "a"]
    assert server.watched_from == ["10", "15"]


async def test_a_deletion_wakes_the_owner() -> None:
    server = ScriptedServer([[deployment("a", "1")]], [[("DELETED", deployment("a", "11"))]])
    assert (await woken_by(server))[0] == ["a", "a"]


async def test_when_the_version_is_too_old_it_lists_anew_and_wakes_only_what_changed() -> None:
    first = [deployment("a", "1"), deployment("b", "2"), deployment("c", "3")]
    second = [deployment("a", "1"), deployment("b", "9")]
    server = ScriptedServer([list(first), list(second)], [Expired("too old", 410)])
    woken, metrics = await woken_by(server)
    assert woken == ["a", "b", "c", "b", "c"]
    restarts = metrics.registry.get_sample_value(
        "kefu_operator_watch_restarts_total", {"kind": "Deployment", "cause": "expired"}
    )
    assert restarts == 1


async def test_where_every_version_is_too_old_at_once_it_lists_with_growing_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    old = Expired("too old", 410)
    server = ScriptedServer([[] for _ in range(7)], [old, old, old, old, [("ADDED", deployment("a", "11"))], old, old])
    await woken_by(server)
    assert [pause >= base for pause, base in zip(pauses, (1, 2, 5, 10, 1, 2), strict=True)] == [True] * 6
    assert pauses[4] < 2


async def test_a_watch_that_fell_silent_goes_on_from_where_it_was_without_a_list() -> None:
    server = ScriptedServer([[deployment("a", "1")]], [[("MODIFIED", deployment("a", "12"))], Silent("nothing came")])
    woken, metrics = await woken_by(server)
    assert (woken, server.watched_from) == (["a", "a"], ["10", "12", "12"])
    restarts = metrics.registry.get_sample_value(
        "kefu_operator_watch_restarts_total", {"kind": "Deployment", "cause": "silent"}
    )
    assert restarts == 1


async def test_when_the_server_is_busy_it_waits_as_long_as_it_is_asked_to() -> None:
    server = ScriptedServer([Throttled("busy", 429, retry_after=1.6), [deployment("a", "1")]], [])
    before = asyncio.get_running_loop().time()
    woken, _ = await woken_by(server)
    assert woken == ["a"]
    assert asyncio.get_running_loop().time() - before >= 1.6


async def test_what_we_wrote_ourselves_wakes_nobody_when_the_watch_tells_of_it() -> None:
    copies = Copies({DEPLOYMENTS: Store()})
    copies.learn(deployment("a", "11"))
    server = ScriptedServer([[]], [[("ADDED", deployment("a", "11")), ("MODIFIED", deployment("a", "12"))]])
    assert (await woken_by(server, copies))[0] == ["a"]


async def test_what_was_written_while_it_was_listed_is_not_forgotten() -> None:
    copies = Copies({DEPLOYMENTS: Store()})
    copies.learn(deployment("older", "9"))
    copies.learn(deployment("newer", "11"))
    await woken_by(ScriptedServer([[]], []), copies)
    assert [found["metadata"]["name"] for found in copies.find(DEPLOYMENTS, "acme", OWNED.format("newer")) or ()]
    assert copies.find(DEPLOYMENTS, "acme", OWNED.format("older")) == ()


async def test_of_two_watches_whoever_hears_of_a_change_first_wakes() -> None:
    woken: list[str] = []
    watcher = watcher_of(ScriptedServer([], []), woken, Metrics(CollectorRegistry()))
    for version in ("11", "11", "10", "12"):
        watcher.hear(deployment("a", version), gone=False)
    assert woken == ["a", "a"]
    watcher.hear(deployment("a", "11"), gone=True)
    assert woken == ["a", "a"]
    watcher.hear(deployment("a", "13"), gone=True)
    watcher.hear(deployment("a", "13"), gone=True)
    assert woken == ["a", "a", "a"]


def test_a_watcher_knows_what_it_is_of() -> None:
    watcher = watcher_of(ScriptedServer([], []), [], Metrics(CollectorRegistry()))
    assert watcher.is_of(DEPLOYMENTS, {None, "acme"})
    assert not watcher.is_of(DEPLOYMENTS, {None, "other"})
    assert not watcher.is_of(SERVICES, {None, "acme"})
