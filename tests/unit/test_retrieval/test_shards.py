"""Several processes build one version: who waits for whom, what a killed one leaves, and what none of them can go on with."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from kefu_api.documents.index import Index, IngestionReport, ShardReport
from kefu_retrieval import __main__ as command
from kefu_retrieval.building import waiting
from kefu_retrieval.building.plan import Policy
from kefu_retrieval.building.shard import WHOLE, Shard
from kefu_retrieval.errors import (
    BuildSpoilt,
    CollectionGone,
    IndexInvalid,
    StoreFailed,
    StoreRefused,
    StoreUnreachable,
    TooMuchLost,
)
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.settings import Settings
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Row
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index
from tests.unit.test_retrieval.test_building import many
from tests.unit.test_retrieval.test_ingest import ALIAS

OF = 3


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "SURVEYS", 0)


class Appending(MemoryStore):
    """Counts rows as Milvus does: one that is inserted twice is there twice."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[tuple[str, str]] = Counter()
        self.inserted = 0

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        super().insert(collection, rows)
        self.times.update((collection, row.id) for row in rows)
        self.inserted += len(rows)

    def count(self, collection: str) -> int:
        super().count(collection)
        return sum(times for (held, _), times in self.times.items() if held == collection)

    def drop(self, collection: str) -> None:
        super().drop(collection)
        self.times = Counter({key: times for key, times in self.times.items() if key[0] != collection})


def part(
    number: int, document: Index, store: MemoryStore, embedder: WordEmbedder | None = None, policy: Policy | None = None
) -> Ingestion:
    return Ingestion(document, store, embedder or WordEmbedder(), policy=policy, shard=Shard(number, OF))


async def together(
    document: Index, store: MemoryStore, policy: Policy | None = None
) -> tuple[IngestionReport, list[ShardReport]]:
    leader = asyncio.create_task(part(0, document, store, policy=policy).run())
    others = [part(number, document, store, policy=policy).run_part() for number in range(1, OF)]
    told = await asyncio.gather(*others)
    return await leader, list(told)


def test_every_document_falls_to_one_shard_and_always_to_the_same() -> None:
    names = [f"帮助/{number}.md" for number in range(300)]
    owners = {name: [n for n in range(OF) if Shard(n, OF).has(name)] for name in names}
    assert all(len(found) == 1 for found in owners.values())
    sizes = Counter(found[0] for found in owners.values())
    assert set(sizes) == {0, 1, 2} and min(sizes.values()) > 70


def test_a_number_counts_only_where_several_build() -> None:
    assert Shard.numbered(5, None) == WHOLE
    assert Shard.numbered(2, 3) == Shard(2, 3)
    with pytest.raises(IndexInvalid, match="JOB_COMPLETION_INDEX is 3, and 3 jobs"):
        Shard.numbered(3, 3)
    assert Settings.from_environment({"JOB_COMPLETION_INDEX": "2"}).shard == 2


async def test_three_build_what_one_builds_and_the_first_reports() -> None:
    document = index(faq_source(many(900)))
    alone, store = MemoryStore(), Appending()
    whole = await Ingestion(document, alone, WordEmbedder()).run()
    report, others = await together(document, store)
    assert set(store.ids(document.collection)) == set(alone.ids(document.collection))
    assert store.inserted == len(set(store.ids(document.collection)))
    assert (report.chunks, report.documents, report.published) == (whole.chunks, whole.documents, True)
    assert [each.shard for each in others] == [1, 2]
    assert report.embedded + sum(each.embedded for each in others) == whole.embedded
    assert all(each.chunks == each.embedded > 0 for each in others)


async def test_three_build_on_another_version_only_what_it_lacks() -> None:
    policy = Policy(least=100)
    store = Appending()
    await Ingestion(index(faq_source(many(300))), store, WordEmbedder(), policy=policy).run()
    document = index(faq_source(many(330)), version="v2")
    await together(document, store, policy)
    manifest = store.manifest(document.collection)
    assert manifest is not None and (manifest.base, manifest.rows) == ("v1", 60)
    assert store.published(ALIAS) == document.collection


class Killed(Appending):
    """One insertion gets in half, and its shard dies."""

    def __init__(self, victim: Shard) -> None:
        super().__init__()
        self.victim: Shard | None = victim

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        if self.victim and rows and self.victim.has(rows[0].payload.document):
            self.victim = None
            super().insert(collection, rows[: len(rows) // 2])
            raise StoreUnreachable("killed")
        super().insert(collection, rows)


@pytest.mark.parametrize("victim", [0, 1])
async def test_a_killed_shard_costs_only_what_of_its_batch_was_not_stored(
    victim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 30.0)
    document, store, again = index(faq_source(many(900))), Killed(Shard(victim, OF)), WordEmbedder()

    async def pod(number: int) -> IngestionReport | ShardReport:
        """As a Job does: another try after a temporary failure."""
        for embedder in (WordEmbedder(), again):
            work = part(number, document, store, embedder)
            try:
                return await (work.run() if number == 0 else work.run_part())
            except StoreUnreachable:
                stored = {row.payload.document for row in store._rows(document.collection)}
                assert any(Shard(number, OF).has(name) for name in stored)
        raise AssertionError("killed twice")

    report, *_ = await asyncio.gather(*(pod(number) for number in range(OF)))
    assert isinstance(report, IngestionReport) and report.published
    assert store.count(document.collection) == store.inserted == 1_800
    mine = sum(Shard(victim, OF).has(row.payload.document) for row in store._rows(document.collection))
    assert 0 < len(again.embedded) == mine - 256, "of its first batch of 512 rows, half was in"


class Repeating(Appending):
    """Answers one insertion so late that it is made twice."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        super().insert(collection, rows)
        if self.left and rows and Shard(1, OF).has(rows[0].payload.document):
            self.left -= 1
            super().insert(collection, rows)


async def test_a_row_that_is_there_twice_never_stands_for_one_that_is_missing() -> None:
    document, store = index(faq_source(many(90))), Repeating()
    # Shard 2 does not come, and what shard 1 stored twice is more than shard 2 has.
    with pytest.raises(BuildSpoilt, match="twice"):
        await asyncio.gather(part(0, document, store).run(), part(1, document, store).run_part())
    assert store.published(ALIAS) is None
    assert store.manifest(document.collection) is None, "all begin anew"
    report, _ = await together(document, store)
    assert report.published and store.count(document.collection) == 180


async def test_a_leader_never_begins_anew_beside_others() -> None:
    document, store = index(faq_source(many(90))), Appending()
    other = index(faq_source(many(30)))  # the same name, and other documents: as if planned otherwise
    with pytest.raises(StoreFailed):
        await part(0, other, store).run()
    with pytest.raises(BuildSpoilt, match="cannot be gone on with"):
        await part(0, document, store).run()
    assert store.manifest(document.collection) is None


async def test_a_shard_whose_collection_is_dropped_asks_for_all_to_begin_anew() -> None:
    class Dropping(Appending):
        def insert(self, collection: str, rows: Sequence[Row]) -> None:
            self.drop(collection)
            super().insert(collection, rows)

    document, store = index(faq_source(many(90))), Dropping()
    with pytest.raises(BuildSpoilt, match="another shard dropped it"):
        await part(0, document, store).run()


async def test_waits_no_longer_than_something_comes_of_the_others() -> None:
    document, store = index(faq_source(many(90))), Appending()
    with pytest.raises(StoreFailed, match="shard 0 has not made"):
        await part(1, document, store).run_part()
    with pytest.raises(StoreFailed, match="nothing came of the other shards"):
        await part(0, document, store).run()
    assert store.published(ALIAS) is None


async def test_shards_with_different_plans_end_one_another() -> None:
    document, other, store = index(faq_source(many(90))), index(faq_source(many(30))), Appending()
    with pytest.raises(StoreFailed):
        await part(0, other, store).run()
    with pytest.raises(BuildSpoilt, match="different plans"):
        await part(1, document, store).run_part()


async def test_a_shard_that_comes_when_all_is_done_has_nothing_to_do() -> None:
    document, store = index(faq_source(many(90))), Appending()
    await together(document, store)
    told = await part(2, document, store).run_part()
    assert (told.chunks, told.embedded, store.inserted) == (0, 0, 180)
    assert (await part(0, document, store).run()).published


async def test_what_would_be_lost_is_told_by_the_leader() -> None:
    store = Appending()
    await Ingestion(index(faq_source(many(40))), store, WordEmbedder()).run()
    fewer = index(faq_source(many(15)), version="v2").model_copy(update={"max_loss": 0.5})
    with pytest.raises(TooMuchLost):
        await part(0, fewer, store).run()


async def test_the_leader_tells_how_far_all_of_them_are(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    document, store = index(faq_source(many(900))), Appending()
    await together(document, store)
    told = [record for record in caplog.records if record.message == "progress"]
    figures = {(int(vars(record)["done"]), int(vars(record)["total"])) for record in told}
    assert (900, 900) in figures, "the leader, of all"
    parts = {total for done, total in figures if total != 900}
    assert sum(parts) < 900, "the others, each of its own"


def test_the_exit_status_says_that_all_must_begin_anew(tmp_path: Path) -> None:
    def spoilt() -> IngestionReport:
        raise BuildSpoilt("all begin anew")

    log = tmp_path / "log"
    assert command.job(spoilt, Settings(termination_log=log)) == 70
    assert '"temporary":true' in log.read_text()


async def test_nobody_touches_a_collection_that_the_leader_has_not_loaded_yet() -> None:
    class Slow(Appending):
        """Makes its collections known before they have an index, as Milvus does."""

        looks = 0

        def count(self, collection: str) -> int:
            self.looks += 1
            if self.looks <= 3:
                raise CollectionGone("not loaded")
            return super().count(collection)

        def load(self, collection: str) -> None:
            raise StoreRefused("index not found")

    document, store = index(faq_source(many(90))), Slow()
    whole = MemoryStore()
    await Ingestion(document, whole, WordEmbedder()).run()
    manifest = whole.manifest(document.collection)
    assert manifest is not None
    store.create(document.collection, manifest.model_copy(update={"created": 1.0}))
    told = await part(1, document, store).run_part()
    assert told.embedded == told.chunks > 0
    assert store.looks > 3
