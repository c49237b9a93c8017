"""Questions that choose among products: the knowledge graph beside the same search without it, and what a graph costs."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kefu_api.documents.index import GraphSettings, Index
from kefu_api.wire.search import SearchRequest
from kefu_retrieval.chunks.build import build
from kefu_retrieval.errors import GraphFailed
from kefu_retrieval.graph.graph import Graph
from kefu_retrieval.graph.keeper import graphs_of
from kefu_retrieval.graph.plan import Selection
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.vocabulary import built_in
from kefu_retrieval.service import Service
from kefu_retrieval.sources.read import read
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.store.rows import Payload
from tests.benchmarks.effort import Effort
from tests.benchmarks.report import Report, Table
from tests.benchmarks.retrieval import catalogue
from tests.benchmarks.retrieval.catalogue import Asked, Catalogue
from tests.benchmarks.retrieval.subject import TIMEOUT, embedder
from tests.integration.test_retrieval import servers
from tests.unit.test_retrieval.doubles import folder_source, index

WARES, QUESTIONS = 2_000, 160
GROWTH = (1_000, 3_000, 10_000)
DEPTH = 50

WHAT = """A made-up catalogue of chargers, cases, power banks and earphones, half of it a CSV file in Chinese, half JSON lines in English;
questions of eight forms, half of them Chinese, whose answers (one to twenty products) are known from how the catalogue was made:
"which of these chargers fits the A105 and ships within 2 days", 有没有 200 元以下、能给 X101 Pro 用的黑色手机壳. Both methods search the
same version with the same encoder. *Precision* and *recall* are of the first n hits, n being the number of right products;
*recall@20* is of twenty. *All and only*: questions whose first n hits are right and whose n + 1st is none of the graph's."""


@dataclass(frozen=True)
class Score:
    """Means over all questions."""

    precision: float
    recall20: float
    first: float
    exact: float
    milliseconds: float


def run(effort: Effort) -> Report:
    """Quality on one catalogue, and seconds and memory on three. Raises Unavailable when the encoder is not here."""
    wares, asked = (200, 16) if effort.quick else (WARES, QUESTIONS)
    sizes = GROWTH[:1] if effort.quick else GROWTH
    made = catalogue.make(wares)
    scores = asyncio.run(_measure(made, catalogue.questions(made, asked)))
    head = ("", "precision", "recall@20", "first right", "all and only", "ms/query")
    rows = tuple(
        (name, f"{s.precision:.3f}", f"{s.recall20:.3f}", f"{s.first:.3f}", f"{s.exact:.3f}", f"{s.milliseconds:.0f}")
        for name, s in scores.items()
    )
    growth = tuple(_cost(size) for size in sizes)
    return Report(
        "Knowledge graph",
        WHAT,
        (
            Table(f"{wares:,} products, {asked} questions", head, rows),
            Table(
                "Making a graph from passages, and asking it",
                ("products", "facts read and stored, s", "MiB more", "query p50, ms", "p99, ms"),
                growth,
            ),
        ),
    )


async def _measure(made: Catalogue, questions: Sequence[Asked]) -> dict[str, Score]:
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        with servers.milvus_lite(folder / "lite") as lite:
            plain = index(folder_source(folder / "wares", made.files(), "Auto"), uri=lite.uri)
            encoding = embedder()
            store = MilvusStore(plain.store, timeout=TIMEOUT)
            await Ingestion(plain, store, encoding).run()
            scores = {}
            for name, document in (("without a graph", plain), ("with its graph", _with_graph(plain))):
                served = folder / f"{name[:4]}.json"
                served.write_text(document.model_copy(update={"sources": ()}).to_json())
                service = Service(served, lambda t: MilvusStore(t, timeout=TIMEOUT), lambda _: embedder(), TIMEOUT)
                version = await service.ready()
                graphs = graphs_of(document, wait=True)
                graph = await graphs.of(version) if graphs else None
                if graph:
                    await _until_ready(service, questions[0])
                scores[name] = await _score(service, questions, graph=graph is not None)
                await service.close()
            store.close()
            return scores


def _with_graph(document: Index) -> Index:
    return document.model_copy(update={"graph": GraphSettings(max_products=50_000)})


async def _until_ready(service: Service, asked: Asked) -> None:
    for _ in range(600):
        answer = await service.search(SearchRequest(query=asked.text), explain=True)
        if answer.explanation and answer.explanation.graph:
            return
        await asyncio.sleep(0.5)


async def _score(service: Service, questions: Sequence[Asked], *, graph: bool) -> Score:
    precisions, recalls, firsts, exacts = [], [], [], []
    seconds = 0.0
    for asked in questions:
        began = time.perf_counter()
        answer = await service.search(SearchRequest(query=asked.text, top_k=DEPTH))
        seconds += time.perf_counter() - began
        found = [hit.document.rpartition("#")[2] for hit in answer.hits]
        right = [sku in asked.gold for sku in found]
        count = len(asked.gold)
        precisions.append(sum(right[:count]) / count)
        recalls.append(sum(right[:20]) / count)
        firsts.append(float(bool(right) and right[0]))
        leading = sum(hit.confidence == answer.confidence for hit in answer.hits) if graph else len(answer.hits)
        exacts.append(float(all(right[:count]) and leading == count))
    total = len(questions)
    return Score(
        sum(precisions) / total, sum(recalls) / total, sum(firsts) / total, sum(exacts) / total, 1e3 * seconds / total
    )


def _cost(size: int) -> tuple[str, ...]:
    made = catalogue.make(size)
    passages = list(_passages(made))
    before, began = _resident(), time.perf_counter()
    graph = Graph(passages, built_in())
    graph.warm()
    seconds, more = time.perf_counter() - began, _resident() - before
    times = []
    for asked in catalogue.questions(made, 80):
        plan = graph.plan(asked.text, ())
        began = time.perf_counter()
        if isinstance(plan, Selection):
            with contextlib.suppress(GraphFailed):  # a busy machine: the query's time limit is its time
                graph.select(plan)
        times.append(1e3 * (time.perf_counter() - began))
    times.sort()
    return (f"{graph.products:,}", f"{seconds:.1f}", f"{more:.0f}", f"{times[40]:.1f}", f"{times[79]:.1f}")


def _passages(made: Catalogue) -> Iterator[Payload]:
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        document = index(folder_source(Path(name) / "wares", made.files(), "Auto"))
        for chunk in build(read(document), document.chunking):
            yield Payload(
                chunk.id, chunk.document, chunk.title, chunk.headings, chunk.text, chunk.language, chunk.tags, ""
            )


def _resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) / 256
