"""Ingestion against a store in memory: what is built, copied, published, kept and dropped."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kefu_api.documents.index import Alike, IngestionReport, Repeated, Skipped
from kefu_retrieval import termination
from kefu_retrieval.errors import NothingToIndex, SourceChanged, StoreUnreachable
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Row
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, folder_source, index

ALIAS = "kefu_acme_shop"


def faq(*answers: str) -> str:
    return "\n".join(
        f"- {{id: e{n}, question: question {n}, variants: [way {n}], answer: {a}}}" for n, a in enumerate(answers)
    )


class Runs:
    """One store over several runs."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.embedder = WordEmbedder()
        self.clock = Clock()

    async def run(
        self, version: str, text: str, keep: int = 2, embedder: WordEmbedder | None = None
    ) -> IngestionReport:
        self.clock.now += 1
        document = index(faq_source(text), version=version, keep=keep)
        return await Ingestion(document, self.store, embedder or self.embedder, self.clock).run()


async def test_builds_publishes_and_reports() -> None:
    runs = Runs()
    report = await runs.run("v1", f"{faq('one', 'two')}\n- {{id: bad, question: q}}")
    assert (report.version, report.published, report.documents, report.chunks, report.embedded) == ("v1", True, 2, 2, 2)
    assert report.skipped_total == 1
    assert report.skipped[0].document == "faq/bad"
    assert runs.store.published(ALIAS) == f"{ALIAS}_v1"
    assert runs.store.count(f"{ALIAS}_v1") == 6


async def test_copies_the_vectors_of_unchanged_chunks() -> None:
    runs = Runs()
    await runs.run("v1", faq("one", "two", "three"))
    runs.embedder.embedded.clear()
    report = await runs.run("v2", faq("one", "changed", "three"))
    assert (report.chunks, report.embedded) == (3, 1)
    assert runs.embedder.embedded == ["question 1\nchanged"]


async def test_copies_no_vectors_of_another_embedding() -> None:
    runs = Runs()
    await runs.run("v1", faq("one"))
    report = await runs.run("v2", faq("one"), embedder=WordEmbedder("other words"))
    assert report.embedded == 1


async def test_publishes_a_finished_version_again_without_building_it() -> None:
    runs = Runs()
    await runs.run("v1", faq("one"))
    await runs.run("v2", faq("two"))
    runs.embedder.embedded.clear()
    report = await runs.run("v1", faq("one"))
    assert (report.embedded, runs.embedder.embedded) == (0, [])
    assert runs.store.published(ALIAS) == f"{ALIAS}_v1"


async def test_keeps_as_many_versions_as_asked_and_always_the_published_one() -> None:
    runs = Runs()
    for version in ("v1", "v2", "v3"):
        await runs.run(version, faq(version), keep=2)
    assert [held.version for held in runs.store.collections(ALIAS)] == ["v2", "v3"]
    await runs.run("v2", faq("v2"), keep=1)
    assert [held.version for held in runs.store.collections(ALIAS)] == ["v2"]


class DyingStore(MemoryStore):
    """Loses its connection at the second insertion, as when the job's node is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        if self.left == 0:
            raise StoreUnreachable("gone")
        self.left -= 1
        super().insert(collection, rows)


async def test_a_half_built_version_is_not_published_and_is_built_anew() -> None:
    runs = Runs()
    runs.store = DyingStore()
    await runs.run("v1", faq("one"))
    with pytest.raises(StoreUnreachable):
        await runs.run("v2", faq("two"))
    assert runs.store.published(ALIAS) == f"{ALIAS}_v1"
    assert runs.store.count(f"{ALIAS}_v2") == 0
    runs.store.left = 9
    report = await runs.run("v2", faq("two"))
    assert report.embedded == 1
    assert runs.store.published(ALIAS) == f"{ALIAS}_v2"


async def test_nothing_to_index_leaves_the_published_version() -> None:
    runs = Runs()
    await runs.run("v1", faq("one"))
    with pytest.raises(NothingToIndex, match="must be a YAML list"):
        await runs.run("v2", "not: a list")
    assert runs.store.published(ALIAS) == f"{ALIAS}_v1"


async def test_sources_that_changed_meanwhile_build_nothing(tmp_path: Path) -> None:
    source = folder_source(tmp_path / "faq", {"f.yaml": faq("one")})
    (tmp_path / "faq" / "f.yaml").write_text(faq("two"))
    store = MemoryStore()
    with pytest.raises(SourceChanged):
        await Ingestion(index(source), store, WordEmbedder()).run()
    assert store.collections(ALIAS) == []


def test_the_termination_message_fits_whatever_was_skipped(tmp_path: Path) -> None:
    skipped = tuple(Skipped(document=f"faq/{n}", reason="原因" * 400) for n in range(500))
    report = IngestionReport(
        version="v1", published=True, documents=1, chunks=1, embedded=1, skipped=skipped, skipped_total=500
    )
    termination.leave(termination.fit(report), tmp_path / "log")
    written = (tmp_path / "log").read_bytes()
    assert len(written) <= 4_096
    back = IngestionReport.model_validate_json(written)
    assert back.skipped_total == 500
    assert 0 < len(back.skipped) < 500


def test_the_termination_message_drops_what_is_alike_before_what_was_left_out(tmp_path: Path) -> None:
    report = IngestionReport(
        version="v1",
        published=True,
        documents=1,
        chunks=1,
        embedded=1,
        skipped=(Skipped(document="faq/a", reason="empty"),) * 10,
        alike=(Alike(first="文档" * 300, second="b", share=0.9),) * 20,
        alike_total=20,
        repeated=(Repeated(source="s", line="页脚" * 300, pages=9),) * 20,
        repeated_total=20,
    )
    short = termination.fit(report)
    assert termination.size(short) <= 4_096
    assert (len(short.skipped), short.alike_total, short.repeated_total) == (10, 20, 20)
    assert len(short.alike) < 20
