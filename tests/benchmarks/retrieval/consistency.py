"""What a consistency level costs: the same searches on a real Milvus at each level, at rest and beside a writer."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.rows import Manifest, Payload, Row
from tests.benchmarks.effort import Effort
from tests.benchmarks.gateway.figures import percentile
from tests.benchmarks.report import Report, Table
from tests.integration.test_retrieval import servers

Level = Literal["Eventually", "Bounded", "Strong"]
DIMENSION = 384
ROWS, QUICK_ROWS = 6_000, 300
SEARCHES, QUICK_SEARCHES = 100, 5
ALIAS = "kefu_bench_levels"
WRITES = 100
"""Rows of an insertion of the writer, which makes them one after the other into another collection."""

WHAT = """Milvus standalone 2.3.5, {rows} rows of {dimension} dimensions, {searches} searches of the 10 nearest, one after the other, by
Kefu's store at each `store.external.consistency`. *Beside a writer*: another collection is inserted into meanwhile, as by the ingestion
of a next version."""


def run(effort: Effort) -> Report:
    """One server for all levels. Raises AssertionError where it does not start."""
    rows, searches = (QUICK_ROWS, QUICK_SEARCHES) if effort.quick else (ROWS, SEARCHES)
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name, servers.milvus_standalone(Path(name)) as server:
        stores = {level: _store(server, level) for level in get_args(Level)}
        collection = _fill(stores["Bounded"], "v1", rows)
        figures = []
        for level, store in stores.items():
            rest = _searched(store, collection, searches)
            with _writer(stores["Bounded"]):
                beside = _searched(store, collection, searches)
            figures.append((level, *_figures(rest), *_figures(beside)))
        for store in stores.values():
            store.close()
    head = ("consistency", "p50 ms", "p99 ms", "p50 beside a writer", "p99 beside a writer")
    what = WHAT.format(rows=rows, dimension=DIMENSION, searches=searches)
    return Report("Consistency of an external Milvus", what, (Table("Searches", head, tuple(figures)),))


def _store(server: servers.Server, level: Level) -> MilvusStore:
    return MilvusStore(StoreTarget(uri=server.uri, alias=ALIAS, consistency=level), timeout=60.0)


def _fill(store: MilvusStore, version: str, rows: int) -> str:
    collection = f"{ALIAS}_{version}"
    manifest = Manifest(
        alias=ALIAS, version=version, embedder="bench", dimension=DIMENSION, documents=rows, chunks=rows, rows=rows,
        sparse=False, created=time.time(),
    )  # fmt: skip
    store.create(collection, manifest)
    for start in range(0, rows, 1_000):
        store.insert(collection, _rows(start, min(start + 1_000, rows)))
    store.seal(collection)
    return collection


def _rows(start: int, end: int) -> list[Row]:
    made = []
    for number, vector in zip(range(start, end), _vectors(start, end - start), strict=True):
        payload = Payload(f"c{number}", f"d{number}", "title", (), "text", "en", (), "text")
        made.append(Row(f"{number * 2_654_435_761 % 2**32:08x}", f"k{number}", payload, "text", vector))
    return made


def _vectors(seed: int, count: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def _searched(store: MilvusStore, collection: str, searches: int) -> list[float]:
    took = []
    for vector in _vectors(2**31, searches + 3):
        began = time.perf_counter()
        store.dense(collection, vector, 10)
        took.append(time.perf_counter() - began)
    return took[3:]


@contextmanager
def _writer(store: MilvusStore) -> Iterator[None]:
    collection, stop = f"{ALIAS}_v2", threading.Event()
    store.drop(collection)
    store.create(collection, Manifest(
        alias=ALIAS, version="v2", embedder="bench", dimension=DIMENSION, documents=1, chunks=1, rows=1, sparse=False,
        created=time.time(),
    ))  # fmt: skip

    def write() -> None:
        start = 0
        while not stop.is_set():
            store.insert(collection, _rows(start, start + WRITES))
            start += WRITES

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _figures(took: list[float]) -> tuple[str, str]:
    return f"{percentile(took, 0.5) * 1000:.1f}", f"{percentile(took, 0.99) * 1000:.1f}"
