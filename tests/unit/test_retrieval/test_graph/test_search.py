"""Searching with a graph: what it proves comes first, what it disproves goes, other questions are as they were."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kefu_api import digest
from kefu_api.documents.index import GraphSettings, Index, SourceDocument
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.errors import StoreUnreachable
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.keeper import AGAIN, KEPT, Graphs
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import OneVersion, Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import ChunkRef
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, folder_source, index

PRODUCTS = """sku,name,category,price,power,compatible with,ships within
C65,C65 charger,charger,129 yuan,65W,X200,48 hours
C30,C30 charger,charger,79 yuan,30W,all phones,3-7 days
C20,C20 charger,charger,59 yuan,20W,A5,1 day
X200,X200 phone,phone,3999 yuan,,,1 day
A5,A5 phone,phone,1299 yuan,,,1 day
B2,Buds 2 earbuds,in-ear headphones,299 yuan,,,2 days
"""
POLICIES = """# Returns

## Return conditions

| Goods | Return | Condition |
|---|---|---|
| Phones | yes | not activated |
| In-ear headphones | not after opening | hygiene |

## Refunds

A refund takes 3 days.
"""
WHICH = "which of these chargers fits the X200 and ships within 2 days"


class Shop:
    """A published index in memory, searched with and without its graph."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.embedder = WordEmbedder()
        self.threads = ThreadPoolExecutor(2)
        self.sources = self._sources(folder)
        self.index = self.document(self.sources, "v1")

    def document(self, sources: list[SourceDocument], version: str) -> Index:
        return index(*sources, version=version, keep=5).model_copy(update={"graph": GraphSettings(max_products=100)})

    def _sources(self, folder: Path) -> list[SourceDocument]:
        return [
            folder_source(folder / "wares", {"list.csv": PRODUCTS}, "CSV"),
            folder_source(folder / "policies", {"returns.md": POLICIES}, "Markdown"),
        ]

    async def publish(self) -> None:
        await Ingestion(self.index, self.store, self.embedder).run()

    def graphs(self) -> Graphs:
        return Graphs(Declared(), wait=True)

    async def search(self, question: str, graphs: Graphs | None, *, explain: bool = True) -> SearchResponse:
        versions = Versions(self.store, self.index.store.alias)
        embedders = {self.embedder.fingerprint: self.embedder}
        searcher = Searcher(versions, lambda: embedders, self.threads, 10.0, graphs=graphs)
        return await searcher.search("shop", question, 5, self.index.search, explain=explain)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    await made.publish()
    yield made
    made.threads.shutdown()


async def test_what_holds_every_constraint_comes_first_and_what_breaks_one_goes(shop: Shop) -> None:
    without, found = await shop.search(WHICH, None), await shop.search(WHICH, shop.graphs())
    assert found.hits[0].document == "wares/list.csv#C65"
    assert found.answerable
    documents = {hit.document for hit in found.hits}
    assert {"wares/list.csv#C30", "wares/list.csv#C20"} <= {hit.document for hit in without.hits}
    assert not {"wares/list.csv#C30", "wares/list.csv#C20"} & documents
    assert found.confidence == max(hit.confidence for hit in found.hits)
    assert found.version == without.version


async def test_says_constraints_cypher_and_path(shop: Shop) -> None:
    found = await shop.search(WHICH, shop.graphs())
    assert found.explanation is not None
    assert found.explanation.graph is not None
    assert found.explanation.graph.constraints == ("class 充电器", "fits x200", "ships ≤ 2 days")
    assert found.explanation.graph.cypher.startswith("MATCH (p:Product)")
    assert found.explanation.graph.found == 1
    assert found.explanation.left_out["contradicted"] >= 2
    reasons = found.hits[0].reasons
    assert reasons is not None
    assert reasons.path == ("C65 charger is a 充电器", "C65 charger fits x200", "C65 charger has ships 48 hours")
    plain = await shop.search(WHICH, shop.graphs(), explain=False)
    assert (plain.explanation, plain.hits[0].reasons) == (None, None)
    assert [hit.document for hit in plain.hits] == [hit.document for hit in found.hits]


@pytest.mark.parametrize(
    "question", ["how long does a refund take", "refund", "what is the return condition of phones"]
)
async def test_other_questions_are_as_they_were(shop: Shop, question: str) -> None:
    without, found = (
        await shop.search(question, None, explain=False),
        await shop.search(question, shop.graphs(), explain=False),
    )
    assert found == without


async def test_a_named_product_leads_to_the_policy_of_its_class(shop: Shop) -> None:
    question = "can I return the Buds 2 after opening"
    without, found = await shop.search(question, None), await shop.search(question, shop.graphs())

    def confidence(answer: SearchResponse) -> float:
        return max((hit.confidence for hit in answer.hits if hit.headings[-1:] == ("Return conditions",)), default=0.0)

    assert confidence(found) > confidence(without)
    hit = next(hit for hit in found.hits if hit.headings[-1:] == ("Return conditions",))
    assert hit.reasons is not None
    assert "speaks of 入耳式耳机: | In-ear headphones | not after opening | hygiene |" in hit.reasons.path[0]


async def test_a_certain_product_is_told_even_where_it_breaks_a_constraint(shop: Shop) -> None:
    found = await shop.search("does the C20 fit the X200?", shop.graphs())
    assert "wares/list.csv#C20" in {hit.document for hit in found.hits}
    assert found.explanation is not None
    assert found.explanation.graph is not None
    assert found.explanation.graph.found == 0


async def test_a_version_is_searched_with_its_own_graph_and_never_anothers(shop: Shop, tmp_path: Path) -> None:
    graphs = shop.graphs()
    assert (await shop.search(WHICH, graphs)).hits[0].document == "wares/list.csv#C65"
    changed = PRODUCTS.replace("C65,C65 charger,charger,129 yuan,65W,X200", "C65,C65 charger,charger,129 yuan,65W,A5")
    wares = folder_source(
        tmp_path / "new" / "wares", {"list.csv": changed.replace("all phones,3-7", "all phones,1-2")}, "CSV"
    )
    newer = shop.document([wares, shop.sources[1]], digest.of_text(changed)[:10])
    await Ingestion(newer, shop.store, shop.embedder).run()
    found = await shop.search(WHICH, graphs)
    assert (found.version, found.hits[0].document) == (newer.version, "wares/list.csv#C30")
    shop.store.publish(shop.index.store.alias, shop.index.collection)
    back = await shop.search(WHICH, graphs)
    assert (back.version, back.hits[0].document) == ("v1", "wares/list.csv#C65")


class Failing(MemoryStore):
    """Does not tell its chunks while it is away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True
        self.asked = 0

    def chunks(self, collection: str, documents: Collection[str] | None = None) -> Iterator[ChunkRef]:
        self.asked += 1
        if self.away:
            raise StoreUnreachable("away")
        return super().chunks(collection, documents)


async def test_a_search_goes_on_without_a_graph_and_makes_it_later(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    store = Failing()
    store.away = False
    shop.store = store
    await shop.publish()
    store.away, store.asked, clock = True, 0, Clock()
    graphs = Graphs(Declared(), wait=True, clock=clock)
    for _ in range(3):
        found = await shop.search(WHICH, graphs)
        assert found.explanation is not None
        assert found.explanation.graph is None
    assert store.asked == 1
    store.away = False
    clock.now += AGAIN
    assert (await shop.search(WHICH, graphs)).hits[0].document == "wares/list.csv#C65"


async def test_nobody_waits_for_a_graph(shop: Shop) -> None:
    graphs = Graphs(Declared())
    version = OneVersion(shop.store, shop.index.collection).current()
    assert await graphs.of(version) is None
    for _ in range(1_000):
        await asyncio.sleep(0.01)
        if found := await graphs.of(version):
            break
    assert found is not None
    assert await graphs.of(version) is found


async def test_graphs_of_few_versions_are_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.store = store = Failing()
    store.away = False
    versions = []
    for number in range(KEPT + 1):
        shop.index = shop.document(shop.sources, f"v{number}")
        await shop.publish()
        versions.append(OneVersion(store, shop.index.collection).current())
    graphs, store.asked = shop.graphs(), 0
    for version in (*versions, versions[-1], versions[1]):
        assert await graphs.of(version)
    assert store.asked == KEPT + 1
    assert await graphs.of(versions[0])
    assert store.asked == KEPT + 2, "the oldest was made anew"


def test_chunks_name_a_row_that_tells_their_payload(shop: Shop) -> None:
    refs: list[ChunkRef] = list(shop.store.chunks(shop.index.collection))
    told = shop.store.payloads(shop.index.collection, [each.row for each in refs])
    assert [payload.chunk for payload in told] == [each.chunk for each in refs]
    assert shop.store.payloads(shop.index.collection, ["nothing"]) == []
