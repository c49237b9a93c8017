"""What stands around Milvus's own searches: Kefu, LlamaIndex, Haystack and LangChain over the same rows, vectors and queries."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import uvloop
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from kefu_api import cycles, digest
from kefu_api.documents.index import Index
from kefu_api.wire.search import SearchRequest
from kefu_retrieval.chunks import terms
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.service import Service
from kefu_retrieval.store import milvus_schema
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.rows import Row
from tests.benchmarks.effort import Effort
from tests.benchmarks.errors import LoadFailed
from tests.benchmarks.gateway.figures import percentile
from tests.benchmarks.report import Report, Table
from tests.benchmarks.retrieval import corpus
from tests.benchmarks.retrieval.corpus import DIMENSION, Entry
from tests.benchmarks.retrieval.peers import defaults
from tests.benchmarks.retrieval.peers.aliases import SELDOM
from tests.benchmarks.retrieval.peers.clocked import Clocked
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.store_suite import manifest, row
from tests.unit.test_retrieval.doubles import index

ROWS, QUERIES, WARM, LIMIT = 2_000, 120, 20, 10
QUICK_ROWS, QUICK_QUERIES = 200, 20
TURNS = 3
"""At most: one takes four minutes, nearly all of it in the servers' hybrid searches for the peers."""
ALIAS = "kefu_acme_shop"
EQUAL = "kefu, 10 candidates"
SHIPPED = "kefu as shipped"
UNREAD = "{}, not read before"
RAW = "pymilvus itself"

WHAT = """Hybrid searches (dense and BM25) one after the other against one Milvus Lite server with the same {rows:,} texts,
vectors of {dimension} numbers and queries. *around* is the time of a query that is not spent inside pymilvus's own search:
making the request, reading the alias, fusing, judging, making documents. A query's vector costs nothing here. The peers ask
for {limit} rows of each leg and let the server fuse them. Kefu asks both legs at once and fuses itself, for the whole way from
`SearchRequest` to `SearchResponse`, on uvloop as its service does: with {limit} candidates as the peers, and as shipped, with 50
(100 rows of each leg), of which it judges the best. It keeps what it has read of up to 8,192 rows and 4,096 passages; so it is
asked everything twice, and *not read before* is the first time, when most candidates are new to it.
*pymilvus itself* makes Kefu's two searches of the second kind,
one after the other, and reads nothing of what comes back. Subjects take turns, {turns} times."""

Spans = list[tuple[float, float]]
"""For each query: seconds in all, and of these inside pymilvus's searches."""


class Known:
    """An embedder that has seen every query."""

    fingerprint = "known"
    dimension = DIMENSION

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._vectors = {entry.text: entry.vector for entry in entries}

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Looked up."""
        return np.stack([self._vectors[text] for text in texts])

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class World:
    """What every subject gets."""

    uri: str
    folder: Path
    rows: Sequence[Entry]
    queries: Sequence[Entry]


def run(effort: Effort) -> Report:
    """All subjects in turns. Raises Unavailable without the peers' environment, LoadFailed."""
    cycles.look_seldom()  # as the service does
    rows, queries = (QUICK_ROWS, QUICK_QUERIES) if effort.quick else (ROWS, QUERIES)
    entries = corpus.entries(rows)
    spans: dict[str, Spans] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        with servers.milvus_lite(folder / "lite") as lite:
            world = World(lite.uri, folder, entries, corpus.queries(entries, queries))
            collection = publish(world)
            clock = Clocked()
            turns = min(TURNS, effort.repetitions)
            for number in range(turns):
                print(f"orchestration: turn {number + 1} of {turns}", flush=True)
                spans[RAW] += _raw(world, collection, clock)
                for subject, candidates in ((EQUAL, LIMIT), (SHIPPED, 50)):
                    first, second = uvloop.run(_kefu(world, clock, candidates))
                    spans[subject] += second
                    spans[UNREAD.format(subject)] += first
                for peer in defaults.PEERS:
                    spans[peer] += _peer(peer, world)
    what = WHAT.format(rows=rows, dimension=DIMENSION, limit=LIMIT, turns=turns)
    return Report("Orchestration of a search", what, (table(spans),), _notes())


def publish(world: World) -> str:
    """Put the rows into the store as Kefu has them; the collection's name."""
    store = MilvusStore(index(uri=world.uri).store)
    collection = f"{ALIAS}_v1"
    more = {"embedder": Known.fingerprint, "dimension": DIMENSION, "rows": len(world.rows), "chunks": len(world.rows)}
    store.create(collection, manifest("v1", sparse=True, alias=ALIAS).model_copy(update=more))
    store.insert(collection, [_row(entry) for entry in world.rows])
    store.seal(collection)
    store.publish(ALIAS, collection)
    store.close()
    return collection


def table(spans: dict[str, Spans]) -> Table:
    """Percentiles, and how many times Kefu's each subject takes."""
    head = ("", "around p50 ms", "p99 ms", "in search p50 ms", "whole p50 ms", "p99 ms", "around ÷ kefu, 10 candidates")
    base = percentile([total - inside for total, inside in spans[EQUAL]], 0.5)
    rows = []
    for name, measured in spans.items():
        around = [total - inside for total, inside in measured]
        totals, inside = [span[0] for span in measured], [span[1] for span in measured]
        cells = [_ms(around, 0.5), _ms(around, 0.99), _ms(inside, 0.5), _ms(totals, 0.5), _ms(totals, 0.99)]
        rows.append((name, *cells, f"{percentile(around, 0.5) / base:.2f}"))
    return Table("One search after the other", head, tuple(rows))


def _row(entry: Entry) -> Row:
    made = row(entry.id, entry.vector, text=entry.text)
    # Rows of one content would be told once.
    payload = replace(made.payload, content=digest.of_text(entry.text))
    return replace(made, payload=payload, terms=terms.normal(entry.text))


def _raw(world: World, collection: str, clock: Clocked) -> Spans:
    client, spans = MilvusClient(uri=world.uri, grpc_options=SELDOM), []
    for number, query in enumerate([*world.queries[:WARM], *world.queries]):
        clock.take()
        began = time.perf_counter()
        for field, data in (("vector", query.vector.tolist()), ("sparse", terms.normal(query.text))):
            found = client.search(
                collection, data=[data], anns_field=field, limit=100, output_fields=milvus_schema.PAYLOAD_FIELDS
            )
            if not found[0]:
                raise LoadFailed(f"{RAW} found nothing in {field}")
        seconds = time.perf_counter() - began
        if number >= WARM:
            spans.append((seconds, clock.take()))
    client.close()
    return spans


async def _kefu(world: World, clock: Clocked, candidates: int) -> tuple[Spans, Spans]:
    """Of every query the first time, and the second."""
    document = _document(world, candidates)
    served = world.folder / "index.json"
    served.write_text(document.to_json())
    known = Known(world.queries)
    service = Service(served, MilvusStore, lambda _: known, 30.0)
    spans: Spans = []
    for number, query in enumerate([*world.queries[:WARM], *world.queries, *world.queries]):
        clock.take()
        began = time.perf_counter()
        answer = await service.search(SearchRequest(query=query.text, top_k=LIMIT))
        seconds = time.perf_counter() - began
        if len(answer.hits) != LIMIT:
            raise LoadFailed(f"kefu found {len(answer.hits)} chunks, not {LIMIT}")
        if number >= WARM:
            spans.append((seconds, clock.take()))
    await service.close()
    return spans[: len(world.queries)], spans[len(world.queries) :]


def _document(world: World, candidates: int) -> Index:
    plain = index(uri=world.uri)
    return plain.model_copy(update={"search": plain.search.model_copy(update={"candidates": candidates})})


def _peer(name: str, world: World) -> Spans:
    job = {
        "peer": defaults.PEERS[name],
        "uri": world.uri,
        "dimension": DIMENSION,
        "limit": LIMIT,
        "warm": min(WARM, len(world.queries)),
        "rows": [_plain(entry) for entry in world.rows],
        "queries": [_plain(entry) for entry in world.queries],
    }
    spans: Spans = [(total, inside) for total, inside in defaults.ask("orchestration", job, world.folder)]
    return spans


def _plain(entry: Entry) -> dict[str, object]:
    return {"id": entry.id, "text": entry.text, "vector": entry.vector.tolist()}


def _notes() -> tuple[str, ...]:
    return (
        "Kefu's legs run side by side on threads; where two spans inside pymilvus overlap, the time counts once.",
        "The peers are the newest that can be installed together; they hold pymilvus below 3, Kefu uses 3.",
    )


def _ms(values: Sequence[float], share: float) -> str:
    return f"{1e3 * percentile(values, share):.2f}"
