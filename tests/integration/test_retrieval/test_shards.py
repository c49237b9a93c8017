"""Three processes build one version, and it is the version that one alone builds: on real servers, one of them killed."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from kefu_api.documents.index import EndpointEmbedding, Index, StoreTarget
from kefu_retrieval.building import waiting
from kefu_retrieval.building.filling import BATCH
from kefu_retrieval.building.shard import Shard
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.words_endpoint import words_endpoint
from tests.integration.test_retrieval.world import World

SHARDS = 3
KILLED = 1
RULE = re.compile(r"rule (\d+)", re.IGNORECASE)
ROWS_OF_AN_ENTRY = 11
FAQ = "\n".join(
    f"- {{id: rule-{number}, question: What is rule {number}, answer: Rule {number} is about parcels., "
    f"variants: [{', '.join(f'rule {number} in words {way}' for way in range(9))}]}}"
    for number in range(400)
)


@pytest.fixture
def asked() -> list[str]:
    """Texts that had a vector computed."""
    return []


class Pause:
    """Holds the killed shard's requests from the middle of its second batch on, until it was killed."""

    def __init__(self) -> None:
        self.wanted, self.reached, self.killed = threading.Event(), threading.Event(), threading.Event()
        self._texts = 0

    def hold(self, texts: list[str]) -> None:
        """What the endpoint calls; one request at a time comes of a shard."""
        if not self.wanted.is_set() or self.killed.is_set():
            return
        numbers = {RULE.findall(text)[0] for text in texts}
        if any(Shard(KILLED, SHARDS).has(f"faq/rule-{number}") for number in numbers):
            self._texts += len(texts)
            if self._texts > 1.5 * BATCH:
                self.reached.set()
                assert self.killed.wait(120)


@pytest.fixture
def pause() -> Pause:
    return Pause()


@pytest.fixture
def embedding(asked: list[str], pause: Pause) -> Iterator[EndpointEmbedding]:
    with words_endpoint(asked, hold=pause.hold) as found:
        yield found


def start(world: World, document: Index, shard: int) -> subprocess.Popen[str]:
    """One pod of the Job."""
    file = world.folder / "shards.json"
    file.write_text(document.model_copy(update={"shards": SHARDS}).to_json())
    log = world.folder / f"shard-{shard}.json"
    environment = {
        **os.environ,
        **world.environment(),
        "JOB_COMPLETION_INDEX": str(shard),
        "KEFU_TERMINATION_LOG": str(log),
    }
    command = [sys.executable, "-m", "kefu_retrieval", "ingest", "--index", str(file)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def jobs(world: World, document: Index) -> Iterator[list[subprocess.Popen[str]]]:
    """All pods of the Job, none of which outlives the block."""
    pods = [start(world, document, shard) for shard in range(SHARDS)]
    try:
        yield pods
    finally:
        for pod in pods:
            pod.kill()
            pod.communicate()


def seen(target: StoreTarget, document: Index) -> tuple[object, ...]:
    """The version, save when it was written."""
    store = MilvusStore(target, timeout=30.0)
    try:
        assert store.published(target.alias) == document.collection
        manifest = store.manifest(document.collection)
        assert manifest is not None
        ids = sorted(store.ids(document.collection))
        chunks = sorted(
            (each.document, each.chunk, each.content, each.row) for each in store.chunks(document.collection)
        )
        assert len(ids) == store.count(document.collection)
        return manifest.model_copy(update={"created": 0.0}), ids, chunks, list(store.notes(document.collection))
    finally:
        store.close()


def forget(target: StoreTarget, document: Index) -> None:
    """As if the version had never been built."""
    client = MilvusClient(uri=target.uri)
    client.drop_alias(target.alias)
    client.drop_collection(document.collection)
    client.close()


@pytest.mark.parametrize("server", [servers.milvus_lite, servers.milvus_standalone])
def test_three_shards_of_which_one_is_killed_build_what_one_process_builds(
    tmp_path: Path,
    embedding: EndpointEmbedding,
    asked: list[str],
    pause: Pause,
    server: Callable[[Path], AbstractContextManager[servers.Server]],
) -> None:
    with server(tmp_path / "milvus") as running:
        world = World(tmp_path / "world", running.uri, tmp_path / "no-encoder", FAQ, embedding=embedding)
        together = world.document()
        assert world.ingest(together)[0] == 0
        expected = seen(together.store, together)
        texts = sorted(asked)
        asked.clear()
        forget(together.store, together)

        pause.wanted.set()
        with jobs(world, together) as pods:
            assert pause.reached.wait(120)
            pods[KILLED].kill()
            pods[KILLED].communicate()
            pause.killed.set()
            store = MilvusStore(together.store, timeout=30.0)
            manifest, held = store.manifest(together.collection), waiting.rows(store, together.collection)
            assert manifest is not None and held is not None and held < manifest.rows
            store.close()
            pods[KILLED] = start(world, together, KILLED)
            for shard, pod in enumerate(pods):
                output, _ = pod.communicate(timeout=240)
                assert pod.returncode == 0, f"shard {shard}: {output}"
        assert seen(together.store, together) == expected
        told = [json.loads((world.folder / f"shard-{shard}.json").read_text()) for shard in range(SHARDS)]
        assert set(asked) == set(texts)
        # One batch was being embedded and the one before it stored.
        again = len(asked) - len(texts)
        assert 0 <= again <= 2 * (BATCH + ROWS_OF_AN_ENTRY), f"{again} of {len(texts)} texts were embedded twice"
        assert told[0]["published"] and [each["shard"] for each in told[1:]] == [1, 2]
        assert all(0 < each["embedded"] < 400 for each in told)
