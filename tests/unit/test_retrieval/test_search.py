"""Search: fusion, coverage, confidence, and following the alias."""

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_api.wire.search import SearchResponse
from kefu_retrieval.chunks import terms
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import EmbedderMismatch, IndexNotPublished, StoreUnreachable
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.confidence import BIAS, WEIGHTS, Evidence, confidence, contributions
from kefu_retrieval.search.fusion import Leg, fuse
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import FAILED, FRESH, Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Found, Payload
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, index

unhurried = settings(deadline=None, max_examples=60)
"""No clock: the machine may be busy."""

ALIAS = "kefu_acme_shop"


def found(*chunks: str) -> list[Found]:
    return [Found(Payload(c, f"faq/{c}", c, (), c, "en", (), c), 1 - n / 100) for n, c in enumerate(chunks)]


def test_fuses_by_the_formula() -> None:
    fused = fuse([Leg("dense", 0.6, found("a", "b")), Leg("sparse", 0.4, found("b", "c"))], 50)
    assert [(chunk.payload.chunk, round(chunk.score, 9)) for chunk in fused] == [
        ("b", round(0.6 / 62 + 0.4 / 61, 9)),
        ("a", round(0.6 / 61, 9)),
        ("c", round(0.4 / 62, 9)),
    ]


def test_fuses_scores_by_weight() -> None:
    dense = [Found(hit.payload, score) for hit, score in zip(found("a", "b", "c"), (0.9, 0.6, 0.5), strict=True)]
    sparse = [Found(hit.payload, score) for hit, score in zip(found("b", "d"), (7.0, 3.0), strict=True)]
    fused = fuse([Leg("dense", 0.6, dense), Leg("sparse", 0.4, sparse)], 50, "Weights")
    assert {chunk.payload.chunk: round(chunk.score, 9) for chunk in fused} == {
        "a": 0.6,
        "b": round(0.6 * 0.25 + 0.4, 9),
        "c": 0.0,
        "d": 0.0,
    }
    assert [chunk.score for chunk in fuse([Leg("dense", 1.0, found("a"))], 50, "Weights")] == [1.0]


def test_counts_a_chunks_rows_once_at_the_best_rank() -> None:
    fused = fuse([Leg("dense", 1.0, found("a", "a", "a", "b"))], 50)
    assert [round(chunk.score, 9) for chunk in fused] == [round(1 / 61, 9), round(1 / 62, 9)]


def test_takes_so_many_candidates_from_each_leg() -> None:
    fused = fuse([Leg("dense", 1.0, found("a", "a", "b", "c")), Leg("sparse", 1.0, found("d", "e"))], 1)
    assert {chunk.payload.chunk for chunk in fused} == {"a", "d"}


@unhurried
@given(st.lists(st.sampled_from("abcdefgh"), max_size=12), st.lists(st.sampled_from("abcdefgh"), max_size=12))
def test_the_order_of_the_legs_does_not_matter(left: list[str], right: list[str]) -> None:
    legs = [Leg("dense", 0.6, found(*left)), Leg("sparse", 0.4, found(*right))]
    there, back = fuse(legs, 9), fuse(legs[::-1], 9)
    assert [chunk.payload.chunk for chunk in there] == [chunk.payload.chunk for chunk in back]
    assert [chunk.score for chunk in there] == pytest.approx([chunk.score for chunk in back])
    assert {chunk.payload.chunk for chunk in there} == {*left, *right}


def test_rare_words_weigh_more_and_absent_ones_are_unknown() -> None:
    lexicon = Lexicon(["return a phone", "return a shirt", "return a kettle", "invoice"])
    query = terms.features("return an invoice to Canada")
    assert lexicon.weight("invoic") > lexicon.weight("return") > 0
    weighed = lexicon.weighed(query)
    assert weighed.share(terms.features("invoices")) > weighed.share(terms.features("returns")) > 0
    assert weighed.share(query) == pytest.approx(1)
    assert weighed.share(terms.features("nothing of the kind")) == 0
    assert Lexicon([]).weighed(frozenset()).share(query) == 0


SHARES = st.floats(0, 1)
EVIDENCE = st.builds(
    Evidence,
    nearest=st.floats(-1, 1),
    alike=SHARES,
    second=st.floats(-1, 1),
    around=st.floats(-1, 1),
    keywords=SHARES,
    probe=SHARES,
    words=SHARES,
    concepts=SHARES,
    title=SHARES,
    plain=SHARES,
    holds=SHARES,
    foreign=SHARES,
)


@unhurried
@given(EVIDENCE)
def test_confidence_is_a_share_and_grows_with_the_evidence(seen: Evidence) -> None:
    value = confidence(seen)
    assert 0 <= value <= 1
    assert set(WEIGHTS) == set(Evidence._fields)
    assert value == pytest.approx(1 / (1 + math.exp(-BIAS - sum(contributions(seen).values()))))
    for name in WEIGHTS:
        assert confidence(seen._replace(**{name: min(1.0, getattr(seen, name) + 0.1)})) >= value


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Returns", "return"),
        ("shipped", "shipping"),
        ("policies", "policy"),
        ("boxes", "box"),
        ("７天", "7天"),
        ("请问可以退货吗", "退货"),
        ("iPhone's", "IPHONE"),
    ],
)
def test_writes_alike_what_means_alike(left: str, right: str) -> None:
    assert terms.features(left) == terms.features(right)


@unhurried
@given(st.text(max_size=100))
def test_any_text_has_terms(text: str) -> None:
    assert terms.normal(terms.normal(text)) is not None
    assert all(feature.strip() for feature in terms.features(text))


class CountingStore(MemoryStore):
    """Counts how often the alias is read, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.away = False

    def published(self, alias: str) -> str | None:
        self.asked += 1
        if self.away:
            raise StoreUnreachable("away")
        return super().published(alias)


async def publish(store: MemoryStore, version: str, answer: str, keep: int = 2) -> None:
    text = f"- {{id: a, question: How do returns work, answer: {answer}}}"
    await Ingestion(index(faq_source(text), version=version, keep=keep), store, WordEmbedder()).run()


async def test_follows_a_flip_and_asks_no_more_often_than_need_be() -> None:
    store, clock = CountingStore(), Clock()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock)
    before = store.asked
    assert {versions.current().manifest.version for _ in range(5)} == {"v1"}
    assert store.asked == before + 1
    await publish(store, "v2", "two")
    clock.now += FRESH
    assert versions.current().manifest.version == "v2"


async def test_the_version_before_answers_until_the_next_one_is_ready() -> None:
    store, clock, work = MemoryStore(), Clock(), list[Callable[[], None]]()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock, background=work.append)
    assert (await ask(store, versions, "returns")).version == "v1"
    assert not work
    await publish(store, "v2", "two")
    for _ in range(3):
        clock.now += FRESH
        assert (await ask(store, versions, "returns")).version == "v1"
    assert len(work) == 1
    work.pop()()
    response = await ask(store, versions, "returns")
    assert (response.version, response.hits[0].text) == ("v2", "two")


async def test_a_version_that_cannot_be_made_ready_is_tried_again_and_the_one_before_answers() -> None:
    store, clock, work = CountingStore(), Clock(), list[Callable[[], None]]()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock, background=work.append)
    versions.current()
    await publish(store, "v2", "two")
    for fails in (True, False):
        clock.now += FRESH
        assert versions.current().manifest.version == "v1"
        with patch.object(store, "manifest", side_effect=StoreUnreachable("away")) if fails else nullcontext():
            work.pop()()
    assert versions.current().manifest.version == "v2"


async def one_coming() -> tuple[MemoryStore, Clock, list[Callable[[], None]], Versions]:
    """A first version that answers, while work is due that makes the second one ready."""
    store, clock, work = MemoryStore(), Clock(), list[Callable[[], None]]()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock, background=work.append)
    versions.current()
    await publish(store, "v2", "two")
    clock.now += FRESH
    versions.current()
    return store, clock, work, versions


async def test_going_back_needs_nothing_to_be_made_ready() -> None:
    store, clock, work, versions = await one_coming()
    first = versions.current()
    work.pop()()
    store.publish(ALIAS, first.collection)
    clock.now += FRESH
    assert versions.current() is first
    assert not work


async def test_a_version_that_was_taken_back_before_it_was_ready_is_not_searched() -> None:
    store, clock, work, versions = await one_coming()
    first = versions.current()
    store.publish(ALIAS, first.collection)
    clock.now += FRESH
    versions.current()
    work.pop()()
    assert versions.current() is first


async def test_where_the_version_before_is_gone_a_search_waits_for_the_next_one() -> None:
    store, clock, work = MemoryStore(), Clock(), list[Callable[[], None]]()
    await publish(store, "v1", "one", keep=1)
    versions = Versions(store, ALIAS, clock, background=work.append)
    versions.current()
    await publish(store, "v2", "two", keep=1)
    clock.now += FRESH
    assert (await ask(store, versions, "returns")).version == "v2"
    # The alias is read beside the search that fails; where that was first, nothing was left to be made ready.
    for each in work:
        each()
    assert versions.current().manifest.version == "v2"


async def test_repeats_a_failure_for_a_moment_and_then_asks_again() -> None:
    store, clock = CountingStore(), Clock()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock)
    store.away, before = True, store.asked
    for _ in range(3):
        with pytest.raises(StoreUnreachable):
            versions.current()
    assert store.asked == before + 1
    store.away = False
    clock.now += FAILED
    assert versions.current().manifest.version == "v1"


def test_says_when_nothing_is_published() -> None:
    with pytest.raises(IndexNotPublished, match=ALIAS):
        Versions(MemoryStore(), ALIAS).current()


async def ask(store: MemoryStore, versions: Versions, query: str, **embedders: WordEmbedder) -> SearchResponse:
    with ThreadPoolExecutor(4) as threads:
        known = embedders or {"words": WordEmbedder()}
        searcher = Searcher(versions, lambda: known, threads, timeout=5.0)
        return await searcher.search("shop", query, 3, index().search)


async def test_answers_from_the_published_version() -> None:
    store = MemoryStore()
    await publish(store, "v1", "Within seven days.")
    response = await ask(store, Versions(store, ALIAS), "How do returns work")
    assert (response.index, response.version, response.answerable) == ("shop", "v1", True)
    assert [(hit.document, hit.text) for hit in response.hits] == [("faq/a", "Within seven days.")]
    assert response.confidence == response.hits[0].confidence


async def test_searches_again_when_the_version_was_dropped_since_the_alias_was_read() -> None:
    store, clock = MemoryStore(), Clock()
    await publish(store, "v1", "one", keep=1)
    versions = Versions(store, ALIAS, clock)
    versions.current()
    await publish(store, "v2", "two", keep=1)
    response = await ask(store, versions, "returns")
    assert (response.version, response.hits[0].text) == ("v2", "two")


class WaitingStore(MemoryStore):
    """Says where the alias points once a leg was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.leg_asked = threading.Event()
        self.leg_asked.set()

    def published(self, alias: str) -> str | None:
        if not self.leg_asked.wait(5.0):
            raise StoreUnreachable("no leg was asked")
        return super().published(alias)

    def dense(self, collection: str, vector: Vectors, limit: int) -> list[Found]:
        found = super().dense(collection, vector, limit)
        self.leg_asked.set()
        return found


async def test_looks_up_the_known_version_while_it_asks_whether_that_is_still_the_published_one() -> None:
    store, clock = WaitingStore(), Clock()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock)
    versions.current()
    clock.now += FRESH
    store.leg_asked.clear()
    assert (await ask(store, versions, "returns")).hits[0].text == "one"


async def test_answers_from_what_was_published_meanwhile_and_kept_the_version_before() -> None:
    store, clock = MemoryStore(), Clock()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock)
    versions.current()
    await publish(store, "v2", "two")
    assert (await ask(store, versions, "returns")).version == "v1"
    clock.now += FRESH
    response = await ask(store, versions, "returns")
    assert (response.version, response.hits[0].text) == ("v2", "two")


async def test_a_search_fails_with_the_alias_although_the_known_version_could_be_searched() -> None:
    store, clock = CountingStore(), Clock()
    await publish(store, "v1", "one")
    versions = Versions(store, ALIAS, clock)
    versions.current()
    store.away = True
    clock.now += FRESH
    with pytest.raises(StoreUnreachable):
        await ask(store, versions, "returns")


async def test_says_when_the_version_was_built_with_another_embedding() -> None:
    store = MemoryStore()
    await publish(store, "v1", "one")
    with pytest.raises(EmbedderMismatch, match="words"):
        await ask(store, Versions(store, ALIAS), "returns", other=WordEmbedder("other"))


class SlowEmbedder(WordEmbedder):
    """Is down."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise StoreUnreachable("down")


async def test_passes_on_why_it_cannot_look_it_up() -> None:
    store = MemoryStore()
    await publish(store, "v1", "one")
    with pytest.raises(StoreUnreachable, match="down"):
        await ask(store, Versions(store, ALIAS), "returns", words=SlowEmbedder())
