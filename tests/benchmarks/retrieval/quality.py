"""Which documents are found: Kefu's search beside BM25 alone, dense alone, and the peers as they come."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.effort import Effort
from tests.benchmarks.report import Report, Table
from tests.benchmarks.retrieval.bm25 import BM25
from tests.benchmarks.retrieval.peers import defaults, environment
from tests.benchmarks.retrieval.sets import SETS, QualitySet, load
from tests.benchmarks.retrieval.subject import HITS, Kefu, published
from tests.integration.test_retrieval import servers

ROWS = 400
"""Rows that the dense leg alone is asked for: enough for ten documents of several rows each."""
QUICK_QUERIES = 20

WHAT = """Documents found for questions of public sets, each method over the same documents. *recall@k*: which part of a
question's documents is among the first k; *MRR*: one over the rank of the first of them (0 beyond rank k). *tau2-banking*:
policies that a task requires, the whole scenario as query; *cmrc2018*: Chinese passages and their questions; *saleor-docs*:
guides, found by a section's heading which was taken out of its page; *8 in one*: eight of these questions put together. Kefu runs as shipped, with the settings that an index
has by default. *dense alone* is the nearest row of Kefu's own index by cosine, *BM25 alone* a plain inverted index over whole
documents. The peers run with the splitters and retrievers that they come with. All use the same encoder."""


@dataclass(frozen=True)
class Score:
    """Means over all queries of a set."""

    recall: float
    mrr: float
    first: float
    """Share of queries whose first document is right."""
    milliseconds: float | None
    """A query, the encoder's time left out as its vectors are kept; None where it means nothing."""


def score(found: Sequence[Sequence[str]], asked: QualitySet, milliseconds: float | None = None) -> Score:
    """Judge the documents found for each query of the set, best first."""
    k = asked.depth
    recalls, ranks, firsts = [], [], []
    for ids, query in zip(found, asked.queries, strict=True):
        best = list(dict.fromkeys(ids))[:k]
        recalls.append(len(query.gold & set(best)) / len(query.gold))
        ranks.append(next((1 / rank for rank, name in enumerate(best, start=1) if name in query.gold), 0.0))
        firsts.append(float(bool(best) and best[0] in query.gold))
    count = len(asked.queries)
    return Score(sum(recalls) / count, sum(ranks) / count, sum(firsts) / count, milliseconds)


def run(effort: Effort) -> Report:
    """All sets and methods. Raises Unavailable when the sets, or the peers, are not here."""
    environment.python()
    tables = []
    for name in SETS:
        asked = load(name).sample(QUICK_QUERIES) if effort.quick else load(name)
        print(f"==> {name}: {len(asked.documents):,} documents, {len(asked.queries):,} queries", flush=True)
        tables.append(table(asked, measure(asked)))
    notes = (
        "The sets are read from outside this repository (`KEFU_DATASETS`), and nothing is tuned on single questions.",
    )
    return Report("Search quality", WHAT, tuple(tables), notes)


def measure(asked: QualitySet, *, peers: bool = True) -> dict[str, Score]:
    """Scores by method."""
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as name:
        folder = Path(name)
        with servers.milvus_lite(folder / "lite") as lite:
            scores = asyncio.run(_kefu(asked, lite.uri, folder))
            scores["BM25 alone"] = _plain(asked)
            for peer in defaults.PEERS if peers else ():
                scores[peer] = score(defaults.found(peer, asked, lite.uri, folder), asked)
    return scores


def table(asked: QualitySet, scores: Mapping[str, Score]) -> Table:
    """One set as a table, with ratios to BM25."""
    k = asked.depth
    base = scores["BM25 alone"]
    head = ("", f"recall@{k}", "MRR", "first right", "recall ÷ BM25", "ms/query")
    rows = [
        (
            name,
            f"{one.recall:.3f}",
            f"{one.mrr:.3f}",
            f"{one.first:.3f}",
            f"{one.recall / base.recall:.2f}" if base.recall else "–",
            f"{one.milliseconds:.1f}" if one.milliseconds else "–",
        )
        for name, one in scores.items()
    ]
    caption = f"{asked.name}: {len(asked.documents):,} documents, {len(asked.queries):,} queries"
    return Table(caption, head, tuple(rows))


async def _kefu(asked: QualitySet, uri: str, folder: Path) -> dict[str, Score]:
    async with published(asked.documents, uri, folder) as kefu:
        await kefu.embedder.embed([query.text for query in asked.queries])
        await kefu.service.ready()
        return {
            "kefu": await _timed(asked, lambda text: _documents(kefu, text)),
            "dense alone": await _timed(asked, lambda text: kefu.dense(text, ROWS)),
        }


async def _documents(kefu: Kefu, text: str) -> list[str]:
    return kefu.ids([hit.document for hit in await kefu.hits(text)])


async def _timed(asked: QualitySet, find: Callable[[str], Awaitable[list[str]]]) -> Score:
    began = time.perf_counter()
    found = [await find(query.text) for query in asked.queries]
    return score(found, asked, 1e3 * (time.perf_counter() - began) / len(asked.queries))


def _plain(asked: QualitySet) -> Score:
    engine = BM25(asked.documents)
    return score([engine.search(query.text, HITS) for query in asked.queries], asked)
