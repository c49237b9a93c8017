"""Versions that are built on another one: what is stored, what is found, what is kept, and when one is built whole again."""

import asyncio
import itertools
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_api import digest
from kefu_api.documents.index import Difference, Index, IngestionReport, VersionChanges
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.building.plan import Plan, Policy, Rows, by_document, plan
from kefu_retrieval.errors import StoreUnreachable
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search import layers
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import ChunkRef, Found, Payload, mark
from kefu_retrieval.store.view import View
from kefu_retrieval.versions import publishing
from kefu_retrieval.versions.archive import Archive
from kefu_retrieval.versions.compare import TooManyRows, compare
from kefu_retrieval.versions.diff import contents, diff
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, index
from tests.unit.test_retrieval.test_building import Dying

ALIAS = "kefu_acme_shop"
MANY = 100
EAGER = Policy(least=10, share=0.2)


def faq(**changed: str) -> str:
    """A hundred entries of two rows each; those named otherwise answer otherwise, and "" leaves one out."""
    entries = {f"e{n}": f"Rule {n} says {n} days." for n in range(MANY)} | changed
    return "\n".join(
        f"- {{id: {name}, question: What about rule {name}, answer: {answer}}}"
        for name, answer in entries.items()
        if answer
    )


class Shop:
    """One store over several ingestions."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.embedder = WordEmbedder()
        self.clock = Clock()

    def document(self, version: str, text: str, keep: int = 2) -> Index:
        return index(faq_source(text), version=version, keep=keep)

    async def ingest(
        self, version: str, text: str, keep: int = 2, policy: Policy = EAGER, embedder: WordEmbedder | None = None
    ) -> IngestionReport:
        self.clock.now += 1
        document = self.document(version, text, keep)
        return await Ingestion(document, self.store, embedder or self.embedder, self.clock, policy).run()

    def view(self, version: str) -> View:
        manifest = self.store.manifest(f"{ALIAS}_{version}")
        assert manifest is not None
        return View.of(self.store, manifest)

    def held(self) -> dict[str, str | None]:
        """Versions with their bases, oldest first."""
        return {manifest.version: manifest.base for manifest in self.store.collections(ALIAS)}

    async def search(self, query: str) -> SearchResponse:
        with ThreadPoolExecutor(4) as threads:
            searcher = Searcher(
                Versions(self.store, ALIAS), lambda: {self.embedder.fingerprint: self.embedder}, threads, 5.0,
                lambda: datetime.now(UTC).date(),
            )  # fmt: skip
            return await searcher.search("shop", query, 3, index().search)


async def test_a_version_stores_what_changed_and_finds_everything() -> None:
    shop = Shop()
    await shop.ingest("v1", faq())
    shop.embedder.embedded.clear()
    report = await shop.ingest("v2", faq(e7="Bicycles take a fortnight.", e8="", new="Helmets are free."))
    assert (report.documents, report.chunks, report.embedded, report.published) == (MANY, MANY, 2, True)
    assert shop.embedder.embedded == [
        "What about rule e7\nBicycles take a fortnight.",
        "What about rule new",
        "What about rule new\nHelmets are free.",
    ]
    assert shop.held() == {"v1": None, "v2": "v1"}
    assert shop.store.count(f"{ALIAS}_v2") == 4
    assert {each.document for each in shop.view("v2").chunks()} == {
        f"faq/{name}" for name in [*(f"e{n}" for n in range(MANY) if n != 8), "new"]
    }
    for query, document, text in (
        ("What about rule e7", "faq/e7", "Bicycles take a fortnight."),
        ("helmets", "faq/new", "Helmets are free."),
        ("What about rule e9", "faq/e9", "Rule 9 says 9 days."),
    ):
        found = await shop.search(query)
        assert (found.version, found.hits[0].document, found.hits[0].text) == ("v2", document, text)
    assert all(hit.document != "faq/e8" for hit in (await shop.search("What about rule e8")).hits)


async def test_says_what_changed_and_what_was_lost_as_a_whole_version_would() -> None:
    small, large = Shop(), Shop()
    versions = {"v1": faq(), "v2": faq(e1="One.", e2=""), "v3": faq(e1="Other.", e3="", new="New.")}
    for version, text in versions.items():
        one = await small.ingest(version, text, policy=Policy(least=10**9))
        other = await large.ingest(version, text)
        assert (one.changes, one.lost) == (other.changes, other.lost)
    assert (set(small.held().values()), set(large.held().values())) == ({None}, {None, "v1"})


class Reading(MemoryStore):
    """Notes whose rows it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, int | None]] = []

    def chunks(self, collection: str, documents: Collection[str] | None = None) -> Iterator[ChunkRef]:
        self.read.append((collection.removeprefix(f"{ALIAS}_"), None if documents is None else len(documents)))
        return super().chunks(collection, documents)


async def test_comparing_reads_nothing_that_both_versions_have() -> None:
    store = Reading()
    shop = Shop(store)
    await shop.ingest("v1", faq())
    await shop.ingest("v2", faq(e1="One.", e2=""))
    report = await shop.ingest("v3", faq(e1="One.", e3="Three.", new="New."))
    assert report.changes == VersionChanges(
        against="v2",
        documents=Difference(added=2, changed=1, removed=0),
        chunks=Difference(added=2, changed=1, removed=0),
    )
    assert sorted(set(store.read), key=str) == [("v1", 2), ("v2", None), ("v3", None)]


ANSWERS = st.dictionaries(st.sampled_from(["e1", "e2", "e3", "new"]), st.sampled_from(["", "One.", "Two."]))


@settings(max_examples=20, deadline=None)
@given(ANSWERS, ANSWERS, st.sets(st.sampled_from(["faq/e1", "faq/e2", "faq/e3", "faq/new"])))
def test_comparing_says_what_reading_everything_says(
    one: dict[str, str], other: dict[str, str], known: set[str]
) -> None:
    shop = Shop()
    for version, changed in (("v1", {}), ("v2", one), ("v3", other)):
        asyncio.run(shop.ingest(version, faq(**changed), keep=9))
    for old, new in itertools.permutations(("v1", "v2", "v3"), 2):
        before, after = shop.view(old), shop.view(new)
        whole = diff(contents(before.chunks()), contents(after.chunks()))
        assert compare(shop.store, before.manifest, after.manifest, known) == whole


async def test_a_collection_that_is_too_large_is_not_read_as_a_whole() -> None:
    shop = Shop()
    await shop.ingest("v1", faq())
    await shop.ingest("v2", faq(e1="One."))
    await shop.ingest("v3", faq(e1="One.", e2=""))
    first, second, third = (shop.view(version).manifest for version in ("v1", "v2", "v3"))
    assert compare(shop.store, first, second, most=MANY).changed == ("faq/e1",)
    with pytest.raises(TooManyRows):  # whose name is behind the mark of e2?
        compare(shop.store, second, third, most=MANY)
    assert compare(shop.store, second, third, ["faq/e2"], most=MANY).removed == ("faq/e2",)


async def test_every_version_is_built_on_the_same_base_until_too_little_of_it_is_left() -> None:
    shop = Shop()
    await shop.ingest("v1", faq(), keep=2)
    changed: dict[str, str] = {}
    for number in range(2, 8):
        changed |= {f"e{number}{last}": f"Version {number}." for last in range(3)}
        await shop.ingest(f"v{number}", faq(**changed), keep=2)
        if number == 4:
            assert shop.held() == {"v1": None, "v3": "v1", "v4": "v1"}
    assert shop.held() == {"v5": None, "v6": "v5", "v7": "v5"}
    assert shop.store.count(f"{ALIAS}_v7") == 2 * 6


async def test_a_base_stays_as_long_as_a_version_that_is_kept_is_built_on_it() -> None:
    shop = Shop()
    for version, text in (("v1", faq()), ("v2", faq(e1="a.")), ("v3", faq(e1="b.")), ("v4", faq(e1="c."))):
        await shop.ingest(version, text, keep=2)
    assert shop.held() == {"v1": None, "v3": "v1", "v4": "v1"}
    await shop.ingest("v5", faq(e1="d."), keep=2, policy=Policy(least=10**9))
    await shop.ingest("v6", faq(e1="e."), keep=2)
    assert shop.held() == {"v5": None, "v6": "v5"}


async def test_going_back_and_forth_moves_the_alias_alone() -> None:
    shop = Shop()
    await shop.ingest("v1", faq())
    await shop.ingest("v2", faq(e1="Changed."))
    for version, answer in (("v1", "Rule 1 says 1 days."), ("v2", "Changed.")):
        publishing.move(shop.document(version, ""), shop.store)
        found = await shop.search("What about rule e1")
        assert (found.version, found.hits[0].text) == (version, answer)
        shop.embedder.embedded.clear()
        assert (await shop.ingest(version, faq(e1=answer))).embedded == 0
        assert shop.embedder.embedded == []


async def test_a_version_without_its_base_is_neither_listed_nor_published() -> None:
    shop = Shop()
    await shop.ingest("v1", faq())
    await shop.ingest("v2", faq(e1="Changed."))
    shop.store.insert(f"{ALIAS}_v1", [])
    shop.store._collections.pop(f"{ALIAS}_v1")
    assert Archive(shop.store, ALIAS).held() == ()
    report = await shop.ingest("v2", faq(e1="Changed."))
    assert (report.published, report.chunks, shop.held()) == (True, MANY, {"v2": None})


async def test_another_embedding_builds_a_version_whole() -> None:
    shop = Shop()
    await shop.ingest("v1", faq())
    await shop.ingest("v2", faq(e1="Changed."), embedder=WordEmbedder("other words"))
    assert shop.held() == {"v1": None, "v2": None}


async def test_a_build_that_was_killed_goes_on_with_the_rows_that_it_lacks() -> None:
    shop = Shop(Dying(left=9))
    await shop.ingest("v1", faq())
    shop.store.left = 0  # type: ignore[attr-defined]
    text = faq(**{f"e{n}": "Changed." for n in range(9)})
    with pytest.raises(StoreUnreachable):
        await shop.ingest("v2", text)
    half = set(shop.store.ids(f"{ALIAS}_v2"))
    assert (len(half), shop.store.published(ALIAS)) == (9, f"{ALIAS}_v1")
    shop.store.left = 9  # type: ignore[attr-defined]
    await shop.ingest("v2", text)
    assert half < set(shop.store.ids(f"{ALIAS}_v2"))
    assert (shop.store.count(f"{ALIAS}_v2"), shop.store.published(ALIAS)) == (18, f"{ALIAS}_v2")


NAMES = st.dictionaries(st.sampled_from("abcdefghij"), st.frozensets(st.integers(0, 5), min_size=1))


@given(NAMES, NAMES)
def test_what_a_plan_stores_and_what_it_leaves_of_the_base_is_the_version(
    before: dict[str, frozenset[int]], after: dict[str, frozenset[int]]
) -> None:
    def rows(of: dict[str, frozenset[int]]) -> list[tuple[str, str]]:
        return [(name, digest.of_text(f"{name}{row}")[:32]) for name, ids in of.items() for row in ids]

    made = plan("v1", by_document(rows(before)), by_document(rows(after)), Policy(share=10**9))
    own = {row for row in rows(after) if made.stores(row[0])}
    rest = {row for row in rows(before) if mark(row[0]) not in made.replaced}
    assert (own | rest, own & rest, made.rows) == (set(rows(after)), set(), len(own))


def test_a_version_that_replaces_too_much_or_too_many_documents_is_built_whole() -> None:
    before = by_document((f"d{n}", f"{n:032x}") for n in range(100))
    after = {**before, mark("d1"): Rows(11, 7)}
    assert plan("v1", before, after, Policy(share=0.2)).base == "v1"
    assert plan("v1", before, after, Policy(share=0.1)) == Plan(110)
    assert plan("v1", before, after, Policy(share=0.2, replaced=0)) == Plan(110)


def found(text: str, score: float) -> Found:
    return Found(Payload(text, "d", "", (), text, "en", (), text), score)


def test_rows_of_a_small_layer_are_ranked_by_the_whole_versions_words() -> None:
    texts = [f"the parcel of customer number {n}" for n in range(200)]
    lexicon = Lexicon([*texts, "helmets for customer number 7", "parcel"])
    large = [found("helmets for customer number 7", 9.0), found(texts[7], 4.0)]
    small = [found("parcel", 0.5), found("helmets for customer number 8", 0.9), found("of", 0.1)]
    ranked = layers.sparse([small, large], 10, lexicon.features("helmets for customer number 7"), lexicon)
    assert [row.payload.probe for row in ranked] == [
        "helmets for customer number 7", "helmets for customer number 8", texts[7]
    ]  # fmt: skip
    assert [row.score for row in ranked][::2] == [9.0, 4.0]
