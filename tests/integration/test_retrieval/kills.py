"""A story of kills: versions are written one after the other, somebody asks all the time, and everything is killed at random.

The ingestion job, the store and the service are the real processes; each is killed with SIGKILL at moments drawn from a
seed. Every answer must be drawn from one whole version, and after every kill the published version must hold each chunk once
and be answered from again.
"""

import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hack.ports import free_port

from kefu_api.documents.index import EndpointEmbedding, Index
from kefu_retrieval.errors import RetrievalError
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.view import View
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.world import Service, World

VICTIMS = ("ingestion", "store", "service")
ENTRIES = 150
ROWS = 14
"""Of each entry: its question, its variants, and question with answer. All together are enough to build a version on."""
ASKED = 7
RECOVERY_SECONDS = 60.0
QUESTION = f"What is rule {ASKED} about parcels"
_EDITION = re.compile(r"edition (\d+)")


@dataclass
class Tally:
    """What came of it; `wrong` is empty when nothing was lost, doubled or mixed."""

    kills: Counter[str] = field(default_factory=Counter)
    published: int = 0
    built_on: int = 0
    """Looks at a published version that was built on another."""
    jobs: Counter[str] = field(default_factory=Counter)
    """Ends of jobs: done, killed, or the reason that they gave."""
    answers: Counter[str] = field(default_factory=Counter)
    """Searches: found, the code of a problem, or away (nobody listened)."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from a kill to the next answer."""
    wrong: list[str] = field(default_factory=list)


class Story:
    """One store, one service, one writer and one asker."""

    def __init__(self, folder: Path, embedding: EndpointEmbedding, lite: servers.Server, seed: int) -> None:
        self._world = World(folder, lite.uri, folder / "no-encoder", embedding=embedding)
        self._lite = lite
        self._draw = random.Random(seed)  # noqa: S311
        self._tally = Tally()
        self._edition = 0
        self._said: dict[int, int] = {}
        """Which edition each entry is of."""
        self._editions: dict[str, dict[str, int]] = {}
        """The same by document, of each version."""
        self._answered_at = 0.0
        self._stop = threading.Event()
        self._job: subprocess.Popen[str] | None = None
        self._service = _service(self._world)
        self._client = Service(self._service.uri, self._service.log)

    def run(self, kills: int) -> Tally:
        """Publish a first version, then kill so many times, each victim in turn; ends at the first thing that is wrong."""
        self._publish(1)
        self._service.start()
        try:
            self._wait_for_answer(0.0, "the beginning", self._ask)
            with self._beside(self._write, self._ask_always):
                for number in range(kills):
                    if self._tally.wrong:
                        break
                    self._kill(f"kill {number + 1}", VICTIMS[number % len(VICTIMS)])
        finally:
            self._service.kill()
        return self._tally

    def _kill(self, name: str, victim: str) -> None:
        time.sleep(self._draw.uniform(0.0, 2.0))
        self._tally.kills[victim] += 1
        if victim == "ingestion":
            began = time.monotonic()
            if (job := self._job) is not None:
                job.kill()
        else:
            process = self._lite if victim == "store" else self._service
            process.kill()
            began = time.monotonic()
            process.start()
        self._wait_for_answer(began, f"{name} ({victim})", lambda: None)
        self._tally.recoveries.append(time.monotonic() - began)
        self._tally.wrong += [f"{name} ({victim}): {fault}" for fault in self._faults()]

    def _wait_for_answer(self, since: float, name: str, ask: Any) -> None:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while self._answered_at <= since:
            if time.monotonic() > deadline:
                self._tally.wrong.append(f"{name}: no answer within {RECOVERY_SECONDS:.0f} s")
                return
            ask()
            time.sleep(0.05)

    def _write(self) -> None:
        """Editions one after the other, each tried until it is published."""
        edition = 2
        while not self._stop.is_set():
            if self._publish(edition):
                edition += 1

    def _publish(self, edition: int) -> bool:
        document = self._document(edition)
        while not self._stop.is_set():
            self._job = job = self._world.start_ingestion(document)
            output, _ = job.communicate()
            if job.returncode == 0:
                self._tally.jobs["done"] += 1
                self._tally.published += 1
                return True
            reason = "killed" if job.returncode < 0 else _reason(output)
            self._tally.jobs[reason] += 1
            if job.returncode == 65:
                self._tally.wrong.append(f"edition {edition}: the job gave up for good: {output[-500:]}")
        return False

    def _document(self, edition: int) -> Index:
        """Every fourth edition changes every answer, the others a few, so that versions are built whole and on others."""
        if edition != self._edition:
            self._edition = edition
            self._said |= {
                n: edition for n in range(ENTRIES) if edition % 4 == 1 or n % 25 == edition % 25 or n == ASKED
            }
        ways = ", ".join(f"In which way {way} does it hold" for way in range(ROWS - 2))
        self._world.faq = "\n".join(
            f"- {{id: n{n}, question: What is rule {n} about parcels, variants: [{ways.replace('it', f'rule {n}')}],"
            f" answer: Rule {n} of edition {said} says {n} days.}}"
            for n, said in self._said.items()
        )
        document = self._world.document()
        self._editions[document.version] = {f"faq/n{n}": said for n, said in self._said.items()}
        return document

    def _ask_always(self) -> None:
        while not self._stop.is_set():
            self._ask()
            time.sleep(0.02)

    def _ask(self) -> None:
        began = time.monotonic()
        try:
            status, found = self._client.search(QUESTION)
        except ValueError:  # nobody listens, or the answer was cut off
            self._tally.answers["away"] += 1
            return
        if status != 200:
            self._tally.answers[str(found.get("code"))] += 1
            return
        self._tally.answers["found"] += 1
        self._answered_at = began
        said = self._editions[found["version"]]
        seen = {hit["document"]: _EDITION.findall(hit["text"]) for hit in found["hits"]}
        mixed = {name: editions for name, editions in seen.items() if editions != [str(said[name])]}
        if mixed or not seen:
            self._tally.wrong.append(f"version {found['version']} answered with {mixed or 'nothing'}")

    def _faults(self) -> list[str]:
        """What is wrong with the version that is published now."""
        for _ in range(20):
            with suppress(RetrievalError):
                return list(self._compare())
            time.sleep(0.2)
        return ["the store could not be looked at"]

    def _compare(self) -> Iterator[str]:
        document = self._world.document()
        store = MilvusStore(document.store, timeout=10.0)
        try:
            collection = store.published(document.store.alias)
            manifest = store.manifest(collection) if collection else None
            if collection is None or manifest is None:
                yield "nothing is published"
                return
            view = View.of(store, manifest)
            view.load()
            counts = [(layer.collection, store.count(layer.collection), layer.rows) for layer in view.layers]
            rows = list(view.chunks())
        finally:
            store.close()
        self._tally.built_on += manifest.base is not None
        yield from (f"{name} holds {count} rows, not {meant}" for name, count, meant in counts if count != meant)
        doubled = [key for key, count in Counter(each.row for each in rows).items() if count > 1]
        if doubled:
            yield f"{collection} holds {len(doubled)} rows twice"
        if len(rows) != ENTRIES * ROWS:
            yield f"{collection} shows {len(rows)} rows, not {ENTRIES * ROWS}"
        chunks = Counter(document for _, document in {(each.chunk, each.document) for each in rows})
        if chunks != Counter({f"faq/n{n}": 1 for n in range(ENTRIES)}):
            yield f"{collection} holds {len(chunks)} of {ENTRIES} documents, {chunks.total()} chunks"

    @contextmanager
    def _beside(self, *works: Any) -> Iterator[None]:
        """Run these beside the block, until it ends."""

        def guarded(work: Any) -> None:
            try:
                work()
            except Exception as error:  # a thread's fault would go unseen otherwise
                self._tally.wrong.append(f"{work.__name__}: {error!r}")
                raise

        threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            if (job := self._job) is not None:
                job.kill()
            for thread in threads:
                thread.join()


def _service(world: World) -> servers.Server:
    port = free_port()
    command = [sys.executable, "-m", "kefu_retrieval", "serve", "--index", str(world.served)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    health = f"http://127.0.0.1:{port}/healthz"
    return servers.Server(command, port, world.folder / "service.log", health, environment=world.environment())


def _reason(output: str) -> str:
    found = re.search(r'"reason": ?"(\w+)"', output)
    return found[1] if found else "unknown"
