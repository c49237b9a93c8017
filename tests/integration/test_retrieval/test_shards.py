"""Three processes build one version, and it is the version that one alone builds: on real servers, one of them killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from kefu_api.documents.index import EndpointEmbedding, Index, StoreTarget
from kefu_retrieval.building import waiting
from kefu_retrieval.building.filling import BATCH
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.words_endpoint import words_endpoint
from tests.integration.test_retrieval.world import World

SHARDS = 3
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


@pytest.fixture
def embedding(asked: list[str]) -> Iterator[EndpointEmbedding]:
    with words_endpoint(asked) as found:
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

        with jobs(world, together) as pods:
            store = MilvusStore(together.store, timeout=30.0)
            until = time.monotonic() + 120
            while not (held := waiting.rows(store, together.collection)):
                assert time.monotonic() < until
                time.sleep(0.05)
            pods[1].send_signal(signal.SIGKILL)
            manifest = store.manifest(together.collection)
            assert manifest is not None and held < manifest.rows
            store.close()
            pods[1].communicate()
            assert pods[1].returncode == -signal.SIGKILL
            pods[1] = start(world, together, 1)
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
