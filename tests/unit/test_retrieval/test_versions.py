"""Versions: what differs, what is published, what is kept; and that a refused one leaves the readers alone."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_api import digest
from kefu_api.documents.index import Difference, Evaluation, Gate, Index, IngestionReport
from kefu_retrieval import termination
from kefu_retrieval.errors import QuestionsInvalid, SourceChanged, VersionGone
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import ChunkRef
from kefu_retrieval.versions import publishing
from kefu_retrieval.versions.archive import Archive
from kefu_retrieval.versions.diff import Contents, contents, diff
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, index

ALIAS = "kefu_acme_shop"
GOOD = "- {id: r, question: How do returns work, answer: Within seven days.}\n- {id: p, question: Do you ship, answer: 'Yes.'}"
BAD = "- {id: x, question: What about bicycles, answer: None at all.}\n- {id: p, question: Do you ship, answer: 'Yes.'}"
GOLDEN = """
- {id: q1, question: How do returns work, sources: [faq/r]}
- {id: q2, question: What about bicycles, sources: [faq/x]}
- {id: q3, question: zzz yyy, answerable: false}
"""


class Shop:
    """One store over several ingestions, judged by golden questions in a folder."""

    def __init__(self, folder: Path, *gates: Gate) -> None:
        self.store = MemoryStore()
        self.clock = Clock()
        self.folder = folder
        self.gates = gates
        self.golden(GOLDEN)

    def golden(self, text: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "g.yaml").write_text(text)
        self.digest = digest.of_files({"g.yaml": text})

    def document(self, version: str, text: str, **more: object) -> Index:
        evaluation = Evaluation(path=str(self.folder), digest=self.digest, gates=self.gates, judged_by="j1")
        return index(faq_source(text), version=version, keep=3).model_copy(update={"evaluation": evaluation, **more})

    async def ingest(self, version: str, text: str, embedder: str = "words", **more: object) -> IngestionReport:
        self.clock.now += 1
        document = self.document(version, text, **more)
        return await Ingestion(document, self.store, WordEmbedder(embedder), self.clock).run()

    @property
    def published(self) -> str | None:
        return self.store.published(ALIAS)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "golden", Gate(metric="recallAt1", at_least=0.5))


async def test_a_version_that_passes_is_published_with_its_scores_and_changes(shop: Shop) -> None:
    first = await shop.ingest("v1", GOOD, volume="uid-1")
    assert (first.published, first.changes, first.volume) == (True, None, "uid-1")
    assert first.judgement is not None
    assert (first.judgement.scores.recall_at1, first.judgement.against) == (0.5, None)
    second = await shop.ingest("v2", BAD)
    assert second.changes is not None
    assert second.changes.against == "v1"
    assert second.changes.documents == Difference(added=1, changed=0, removed=1)
    assert second.judgement is not None
    assert (second.judgement.lost, second.judgement.gained, second.judgement.against) == (("q1",), ("q2",), "v1")
    assert [held.version for held in second.versions] == ["v2", "v1"]


async def test_a_version_that_fails_a_gate_is_kept_aside_and_the_published_one_answers(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "golden")
    await shop.ingest("v1", GOOD)
    shop.gates = (Gate(metric="recallAt5", at_least=0.9),)
    report = await shop.ingest("v2", BAD)
    assert (report.published, shop.published) == (False, f"{ALIAS}_v1")
    assert report.judgement is not None
    assert [(gate.metric, gate.value) for gate in report.judgement.failed] == [("recallAt5", 0.5)]
    assert [held.version for held in report.versions] == ["v2", "v1"]


async def test_a_document_that_leaves_publishing_to_a_person_publishes_nothing(shop: Shop) -> None:
    report = await shop.ingest("v1", GOOD, publish=False)
    assert (report.published, shop.published) == (False, None)
    moved = publishing.move(shop.document("v1", GOOD, volume="uid"), shop.store)
    assert (moved.published, moved.documents, moved.embedded, moved.volume) == (True, 2, 0, "uid")
    assert shop.published == f"{ALIAS}_v1"


async def test_going_back_embeds_nothing_and_keeps_what_was_left(shop: Shop) -> None:
    await shop.ingest("v1", GOOD)
    await shop.ingest("v2", GOOD + "\n- {id: n, question: new, answer: 'new.'}")
    moved = publishing.move(shop.document("v1", ""), shop.store)
    assert shop.published == f"{ALIAS}_v1"
    assert [held.version for held in moved.versions] == ["v2", "v1"]


async def test_a_version_that_is_gone_or_half_is_never_published(shop: Shop) -> None:
    await shop.ingest("v1", GOOD)
    shop.store.create(
        f"{ALIAS}_v2", shop.store.collections(ALIAS)[0].model_copy(update={"version": "v2", "created": 9.0})
    )
    for version in ("v2", "v9"):
        with pytest.raises(VersionGone, match="the store holds: v1"):
            publishing.move(shop.document(version, ""), shop.store)
    assert shop.published == f"{ALIAS}_v1"


async def test_questions_of_another_embedding_are_not_compared(shop: Shop) -> None:
    await shop.ingest("v1", GOOD)
    report = await shop.ingest("v2", GOOD, embedder="other")
    assert report.judgement is not None
    assert (report.judgement.against, report.judgement.lost_total) == (None, 0)


async def test_questions_that_cannot_be_read_publish_nothing(shop: Shop) -> None:
    shop.golden("- {question: q}")
    with pytest.raises(QuestionsInvalid):
        await shop.ingest("v1", GOOD)
    assert shop.published is None
    (shop.folder / "g.yaml").write_text(GOLDEN)
    with pytest.raises(SourceChanged, match="golden questions"):
        await shop.ingest("v1", GOOD)


async def test_refused_versions_go_before_good_ones(shop: Shop) -> None:
    for number in range(1, 4):
        await shop.ingest(f"v{number}", f"{GOOD}\n- {{id: n{number}, question: new, answer: 'n.'}}")
    Archive(shop.store, ALIAS).tidy(keep=2, protected=(), first=("v2",))
    assert [held.version for held in Archive(shop.store, ALIAS).held()] == ["v3", "v1"]


@pytest.mark.parametrize("holds", [("v1",), ()])
async def test_a_version_that_is_held_is_not_dropped(shop: Shop, holds: tuple[str, ...]) -> None:
    for number in range(1, 5):
        await shop.ingest(
            f"v{number}", f"{GOOD}\n- {{id: n{number}, question: new, answer: 'n.'}}", keep=2, holds=holds
        )
    held = [each.version for each in Archive(shop.store, ALIAS).held()]
    assert held == (["v4", "v1"] if holds else ["v4", "v3"])


def refs(said: dict[str, list[str]]) -> list[ChunkRef]:
    return [ChunkRef(name, f"{name}-{n}", text) for name, texts in said.items() for n, text in enumerate(texts)]


def test_an_edited_chunk_is_one_change() -> None:
    before = contents(refs({"a": ["1", "2"], "b": ["3"], "c": ["4"]}))
    after = contents(refs({"a": ["1", "two", "three"], "b": ["3"], "d": ["4"]}))
    found = diff(before, after)
    assert (found.added, found.changed, found.removed) == (("d",), ("a",), ("c",))
    assert found.chunks == Difference(added=2, changed=1, removed=1)


SAID = st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from("123"), min_size=1, max_size=4))


@given(SAID, SAID)
def test_a_difference_accounts_for_every_chunk_and_mirrors(
    one: dict[str, list[str]], two: dict[str, list[str]]
) -> None:
    before, after = contents(refs(one)), contents(refs(two))
    there, back = diff(before, after), diff(after, before)
    assert _chunks(after) - _chunks(before) == there.chunks.added - there.chunks.removed
    assert (there.added, there.changed, there.removed) == (back.removed, back.changed, back.added)
    assert (there.chunks.added, there.chunks.changed) == (back.chunks.removed, back.chunks.changed)
    assert diff(before, before).chunks == Difference(added=0, changed=0, removed=0)


def _chunks(held: Contents) -> int:
    return sum((Counter.total(each) for each in held.values()), 0)


async def test_the_longest_report_fits_the_termination_message(tmp_path: Path, shop: Shop) -> None:
    report = await shop.ingest("v1", GOOD)
    assert report.judgement is not None
    ids = tuple("问" * 16 for _ in range(8))
    judgement = report.judgement.model_copy(update={"lost": ids, "gained": ids, "lost_total": 99, "gained_total": 99})
    versions = tuple(report.versions[0].model_copy(update={"version": f"v{n:010}"}) for n in range(12))
    whole = report.model_copy(update={"judgement": judgement, "versions": versions, "skipped_total": 5})
    termination.leave(termination.fit(whole), tmp_path / "log")
    assert len((tmp_path / "log").read_bytes()) <= termination.MAX_BYTES
