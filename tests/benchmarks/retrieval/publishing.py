"""Search under 32 clients, at rest and while versions are being published: latency, errors, mixed answers."""

import asyncio
import json
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from kefu_api.documents.index import Index
from kefu_retrieval.store.milvus import MilvusStore
from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.figures import percentile
from tests.benchmarks.report import Report, Table
from tests.benchmarks.retrieval.subject import encoder
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.world import World, eventually

CLIENTS = 32
ENTRIES = 300
PACE = 2.0
"""Seconds between two questions of one client, which come at even distances over all clients."""
EVERY = 3.0
"""Seconds between two publications."""
SECONDS, QUICK_SECONDS = 40.0, 6.0
_EDITION = re.compile(r"edition (\d+)")

WHAT = """The retrieval service as a process on Milvus Lite with the built-in encoder, {entries} FAQ entries, {clients} clients that
each ask every {pace:g} s. *rest*: one version stands. *alias moved*: every {every:g} s the alias is moved to the other of two
built versions. *whole ingestion*: every {every:g} s, or as fast as it goes, the real job builds a new version from edited
sources and publishes it, on the same two cores. Every answer of every version names its edition; an answer whose hits are of
two editions, or of another edition than its version, is *mixed*."""


@dataclass
class Load:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    mixed: int = 0
    versions: set[str] = field(default_factory=set)


def run(effort: Effort) -> Report:
    """Three spans on one service. Raises Unavailable without the encoder, LoadFailed when an answer was mixed."""
    span = QUICK_SECONDS if effort.quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        with servers.milvus_lite(folder / "lite") as lite:
            loads = measure(World(folder, lite.uri, encoder()), span)
    if mixed := {name: load.mixed for name, load in loads.items() if load.mixed}:
        raise LoadFailed(f"answers of two versions: {mixed}")
    what = WHAT.format(entries=ENTRIES, clients=CLIENTS, pace=PACE, every=EVERY)
    return Report("Search while versions are published", what, (table(loads),))


def measure(world: World, span: float) -> dict[str, Load]:
    """Loads by the name of what went on meanwhile."""
    editions: dict[str, int] = {}
    documents = [_edition(world, number, editions) for number in (1, 2)]
    loads: dict[str, Load] = {}
    # One connection for all moves: making one takes this process, which clocks the clients, longer than the move.
    with closing(MilvusStore(documents[0].store, timeout=10.0)) as store, world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        for name, work in (
            ("rest", lambda _: None),
            ("alias moved", lambda number: _move(store, documents[number % 2])),
            ("whole ingestion", lambda number: _edition(world, number + 3, editions)),
        ):
            with _every(EVERY, work) as done:
                loads[name] = asyncio.run(_ask(service.url, span, editions))
            print(f"publishing: {name}: {len(loads[name].seconds)} answers, {len(done)} publications", flush=True)
    return loads


def table(loads: dict[str, Load]) -> Table:
    """Percentiles with their ratio to rest."""
    head = ("", "answers", "errors", "mixed", "versions seen", "p50 ms", "p99 ms", "p99 ÷ rest")
    base = percentile(loads["rest"].seconds, 0.99)
    rows = [
        (
            name,
            f"{len(load.seconds):,}",
            str(load.errors),
            str(load.mixed),
            str(len(load.versions)),
            f"{1e3 * percentile(load.seconds, 0.5):.1f}",
            f"{1e3 * percentile(load.seconds, 0.99):.1f}",
            f"{percentile(load.seconds, 0.99) / base:.2f}",
        )
        for name, load in loads.items()
    ]
    return Table(f"{CLIENTS} clients", head, tuple(rows))


def _edition(world: World, number: int, editions: dict[str, int]) -> Index:
    """Publish sources of which every answer names the edition."""
    world.faq = "\n".join(
        f"- {{id: n{n}, question: What is rule {n} about parcels, answer: Rule {n} of edition {number} says {n} days.}}"
        for n in range(ENTRIES)
    )
    document = world.document(keep=3)
    editions[document.version] = number
    status, report = world.ingest(document)
    if status:
        raise LoadFailed(f"edition {number} was not published: {report}")
    return document


def _move(store: MilvusStore, document: Index) -> None:
    store.publish(document.store.alias, document.collection)


@contextmanager
def _every(seconds: float, work: Callable[[int], object]) -> Iterator[list[int]]:
    """Do `work` on a thread again and again while the block runs; gives the list of those done."""
    stop, done, failed = threading.Event(), list[int](), list[BaseException]()

    def loop() -> None:
        try:
            while not stop.wait(max(0.0, seconds - (time.monotonic() % seconds))):
                work(len(done))
                done.append(len(done))
        except LoadFailed as error:
            failed.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


async def _ask(url: str, span: float, editions: dict[str, int]) -> Load:
    load = Load()
    until = time.monotonic() + span
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS)) as session,
        asyncio.TaskGroup() as all_,
    ):
        for number in range(CLIENTS):
            all_.create_task(_client(session, f"{url}/v1/search", number, until, load, editions))
    return load


async def _client(
    session: aiohttp.ClientSession, url: str, number: int, until: float, load: Load, editions: dict[str, int]
) -> None:
    await asyncio.sleep(PACE * number / CLIENTS)
    asked = 0
    while (began := time.monotonic()) < until:
        query = f"What is rule {(number * 37 + asked) % ENTRIES} about parcels"
        async with session.post(url, data=json.dumps({"query": query}).encode()) as answer:
            found = await answer.json(content_type=None)
        load.seconds.append(time.monotonic() - began)
        asked += 1
        if answer.status != 200:
            load.errors += 1
        else:
            _judge(found, load, editions)
        await asyncio.sleep(max(0.0, began + PACE - time.monotonic()))


def _judge(found: dict[str, object], load: Load, editions: dict[str, int]) -> None:
    version, hits = str(found["version"]), found["hits"]
    assert isinstance(hits, list)
    load.versions.add(version)
    seen = {edition for hit in hits for edition in _EDITION.findall(hit["text"])}
    load.mixed += seen != {str(editions[version])}
