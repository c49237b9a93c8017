"""Building a version: what is surveyed, which vectors are reused, and how a build that was killed goes on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date

import numpy as np
import pytest

from kefu_api.documents.index import Chunking
from kefu_retrieval.building.survey import Survey, survey
from kefu_retrieval.building.vectors import FEW, KnownVectors, collect
from kefu_retrieval.errors import CollectionGone, StoreUnreachable, TooMuchLost
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.sources.document import FaqEntry, Page, Reading
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Manifest, Row
from tests.unit.test_retrieval.doubles import DIMENSION, WordEmbedder, faq_source, index
from tests.unit.test_retrieval.test_ingest import ALIAS, faq

CHUNKING = Chunking(tokens=100, overlap=10)


Surveyed = Callable[..., Survey]


@pytest.fixture
def surveyed() -> Iterator[Surveyed]:
    with ExitStack() as stack:

        def act(*readings: Reading) -> Survey:
            made = survey(readings, CHUNKING)
            stack.callback(made.close)
            return made

        yield act


def entry(document: str, answer: str = "签收后七天内可以退货。", **fields: object) -> FaqEntry:
    return FaqEntry(document, "怎么退货", (), answer, (), "zh", **fields)  # type: ignore[arg-type]


def test_indexes_once_what_two_documents_say_and_knows_both(surveyed: Surveyed) -> None:
    found = surveyed(Reading(entries=[entry("faq/a")]), Reading(entries=[entry("faq/b"), entry("faq/c", "不可以。")]))
    chunks = list(found.chunks)
    assert [chunk.document for chunk in chunks] == ["faq/a", "faq/c"]
    assert found.also == {chunks[0].id: ("faq/b",)}
    assert (found.duplicates, len(found.documents), found.total) == (1, 3, 2)


def test_keeps_apart_what_holds_at_another_time(surveyed: Surveyed) -> None:
    found = surveyed(Reading(entries=[entry("faq/a"), entry("faq/b", valid_until=date(2026, 11, 30))]))
    assert (found.duplicates, len(found.chunks)) == (0, 2)
    assert [chunk.valid_until for chunk in found.chunks] == [None, date(2026, 11, 30)]


def test_reports_what_is_nearly_the_same_and_indexes_it(surveyed: Surveyed) -> None:
    long = "签收后七天内可以无理由退货，商品须完好，不影响二次销售，运费由买家承担，定制商品除外。" * 3
    pages = [Page(f"p/{n}.md", f"页 {n}", text, "zh") for n, text in enumerate((long, long.replace("七", "十", 1)))]
    found = surveyed(Reading(pages=pages))
    assert found.duplicates == 0
    (pair,) = found.alike
    assert (pair.first, pair.second) == ("p/0.md", "p/1.md")
    assert 0.8 <= pair.share < 1


def test_reports_repeated_lines_and_leaves_them_out(surveyed: Surveyed) -> None:
    pages = [Page(f"p/{n}.md", f"页 {n}", f"# 页 {n}\n正文 {n} 是这样的。\n版权所有 小店", "zh") for n in range(8)]
    found = surveyed(*(Reading(pages=[page]) for page in pages))
    assert [("版权所有" in chunk.text) for chunk in found.chunks] == [True, *[False] * 7]
    assert [(line.source, line.line, line.pages) for line in found.repeated] == [("p", "版权所有 小店", 8)]


def test_a_page_gives_its_number_tags_and_days_to_each_of_its_chunks(surveyed: Surveyed) -> None:
    page = Page("p/a.pdf", "手册", "# A\n一二三\n# B\n四五六", "zh", page=7, tags=("x",), valid_from=date(2026, 1, 1))
    for chunk in surveyed(Reading(pages=[page])).chunks:
        assert (chunk.page, chunk.tags, chunk.valid_from) == (7, ("x",), date(2026, 1, 1))


def test_text_put_in_above_changes_no_other_chunk(surveyed: Surveyed) -> None:
    def ids(body: str) -> dict[str, str]:
        return {chunk.text: chunk.id for chunk in surveyed(Reading(pages=[Page("p/a.md", "A", body, "zh")])).chunks}

    before, after = ids("# A\n甲乙丙\n# B\n丁戊己"), ids("# 新\n子丑寅\n# A\n甲乙丙\n# B\n丁戊己")
    assert before.items() <= after.items()


def test_keeps_vectors_on_disk_and_gives_those_that_are_asked_for() -> None:
    known = KnownVectors(3)
    for number in range(100):
        known.add(f"{number:064x}", np.full(3, number, dtype=np.float32))
    known.add(f"{7:064x}", np.zeros(3, dtype=np.float32))
    found = known.get([f"{7:064x}", f"{99:064x}", f"{100:064x}"])
    known.close()
    assert {key: float(vector[0]) for key, vector in found.items()} == {f"{7:064x}": 7.0, f"{99:064x}": 99.0}


class Asked(MemoryStore):
    """Notes how vectors were looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def vectors(self, collection: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        self.asked.append(f"{collection}: {len(keys)} keys")
        return super().vectors(collection, keys)


async def test_takes_vectors_from_every_kept_version_and_asks_no_more_than_it_must() -> None:
    store, embedder = Asked(), WordEmbedder()
    for version, text in (("v1", faq("one", "two")), ("v2", faq("three", "four"))):
        await Ingestion(index(faq_source(text), version=version, keep=3), store, embedder).run()
    embedder.embedded.clear()
    store.asked.clear()
    report = await Ingestion(index(faq_source(faq("one", "four")), version="v3", keep=3), store, embedder).run()
    assert (report.embedded, embedder.embedded) == (0, [])
    assert store.asked == [f"{ALIAS}_v2: 6 keys", f"{ALIAS}_v1: 1 keys"]


async def test_reads_a_version_as_a_whole_when_it_wants_most_of_it() -> None:
    store = Asked()
    embedder = WordEmbedder()
    await Ingestion(index(faq_source(faq("one"))), store, embedder).run()
    (row,) = [row for row in store._rows(f"{ALIAS}_v1") if row.payload.probe == "question 0"]
    store.asked.clear()
    known = collect(store, [f"{ALIAS}_v1"], [row.key, *(f"{n:064x}" for n in range(FEW))], DIMENSION)
    assert (len(known), store.asked) == (1, [])
    known.close()


class Dying(MemoryStore):
    """Is killed at some insertion, half of which gets in."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        if self.left == 0:
            super().insert(collection, rows[: len(rows) // 2])
            raise StoreUnreachable("killed")
        self.left -= 1
        super().insert(collection, rows)


def many(count: int) -> str:
    return "\n".join(f"- {{id: e{n}, question: question {n}, answer: answer {n}}}" for n in range(count))


async def test_a_killed_build_goes_on_where_it_was() -> None:
    store, embedder = Dying(left=2), WordEmbedder()
    document = index(faq_source(many(1_500)))
    with pytest.raises(StoreUnreachable):
        await Ingestion(document, store, embedder).run()
    before = set(store.ids(document.collection))
    assert store.published(ALIAS) is None
    embedder.embedded.clear()
    store.left = 99
    report = await Ingestion(document, store, embedder).run()
    after = list(store.ids(document.collection))
    assert (len(after), len(set(after)), before < set(after)) == (3_000, 3_000, True)
    assert len(before) == 2 * 512 + 256
    assert len(embedder.embedded) == 3_000 - len(before)
    assert report.published


async def test_a_build_with_too_many_rows_is_begun_anew() -> None:
    store, embedder = MemoryStore(), WordEmbedder()
    document = index(faq_source(many(3)))
    await Ingestion(document, store, embedder).run()
    (row, *_) = store._rows(document.collection)
    store.insert(document.collection, [Row("double", row.key, row.payload, row.terms, row.vector)])
    await Ingestion(document, store, embedder).run()
    assert store.count(document.collection) == 6


class WithoutIndex(MemoryStore):
    """Its first maker is killed between the collection and its index."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def create(self, collection: str, manifest: Manifest) -> None:
        super().create(collection, manifest)
        self.made += 1
        if self.made == 1:
            raise StoreUnreachable("killed")

    def load(self, collection: str) -> None:
        if self.made == 1:
            raise CollectionGone(collection)
        super().load(collection)


async def test_a_collection_without_an_index_is_made_anew() -> None:
    store, document = WithoutIndex(), index(faq_source(many(3)))
    with pytest.raises(StoreUnreachable):
        await Ingestion(document, store, WordEmbedder()).run()
    report = await Ingestion(document, store, WordEmbedder()).run()
    assert (store.made, report.published, store.count(document.collection)) == (2, True, 6)


async def test_a_version_that_would_lose_too_much_is_not_built_and_says_so() -> None:
    store, embedder = MemoryStore(), WordEmbedder()
    await Ingestion(index(faq_source(many(40))), store, embedder).run()
    fewer = index(faq_source(many(15)), version="v2").model_copy(update={"max_loss": 0.5})
    with pytest.raises(TooMuchLost, match=r"25 of the 40 published documents, and publishing\.maxLoss is 0\.5"):
        await Ingestion(fewer, store, embedder).run()
    assert [held.version for held in store.collections(ALIAS)] == ["v1"]
    allowed = fewer.model_copy(update={"max_loss": 0.7})
    report = await Ingestion(allowed, store, embedder).run()
    assert (report.published, report.lost) == (True, 0.625)


async def test_a_handful_of_documents_may_be_exchanged_as_one_likes() -> None:
    store, embedder = MemoryStore(), WordEmbedder()
    await Ingestion(index(faq_source(many(5))), store, embedder).run()
    other = index(faq_source("- {id: new, question: q, answer: a}"), version="v2").model_copy(update={"max_loss": 0.0})
    report = await Ingestion(other, store, embedder).run()
    assert (report.published, report.lost) == (True, 1.0)
