"""Queries before they are looked up: slips put right, follow-ups made whole; and what becomes of repeated and expired hits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from kefu_api.wire.search import MAX_QUERY, SearchResponse
from kefu_retrieval.chunks import terms
from kefu_retrieval.search.followup import whole
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.spelling import Spelling
from kefu_retrieval.search.versions import Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Manifest, Payload, Row
from tests.unit.test_retrieval.doubles import DIMENSION, WordEmbedder, index

TEXTS = [
    "退货运费由谁承担，退货多久到账",
    "积分怎么用，积分会过期吗，退款多久到账，运费多少",
    "会员等级怎么划分，等级多久更新",
    "The warranty period of a purifier. How long is the warranty period?",
    "Purifiers are repaired; a refund takes a week. A refund follows the return.",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("积份怎么用", "积分怎么用"),
        ("怎么推货", "怎么退货"),
        ("会员等及", "会员等级"),
        ("jifen怎么用", "积分怎么用"),
        ("my purifer", "my purifier"),
        ("warrenty peroid", "warranty period"),
        ("I want a refnud", "i want a refund"),
    ],
)
def test_puts_slips_right(typed: str, meant: str) -> None:
    assert Spelling(TEXTS).corrected(typed) == meant


@pytest.mark.parametrize(
    "typed", ["退货运费多少", "降多少分贝", "几点开门", "Refunds, returned", "an apple", "Kuguo", "", "ＡＢＣ 12"]
)
def test_leaves_alone_what_may_be_meant(typed: str) -> None:
    assert Spelling(TEXTS).corrected(typed) == typed


def test_corrects_nothing_before_anything_is_known() -> None:
    assert Spelling([]).corrected("warrenty 积份") == "warrenty 积份"


@pytest.mark.parametrize(
    ("question", "history", "looked_up"),
    [
        ("那耳机呢", ["手机保修多久"], "手机保修多久 那耳机呢"),
        (
            "what about headphones?",
            ["how long is the phone warranty"],
            "how long is the phone warranty what about headphones?",
        ),
        ("how long does it take", ["can I get a refund"], "can I get a refund how long does it take"),
        ("小家电呢", ["手机保修多久", "耳机呢"], "手机保修多久 小家电呢"),
        ("怎么开电子发票", ["手机保修多久"], "怎么开电子发票"),
        (
            "do you ship large parcels to Tibet by air",
            ["can I get a refund"],
            "do you ship large parcels to Tibet by air",
        ),
        ("那耳机呢", [], "那耳机呢"),
    ],
)
def test_makes_follow_ups_whole(question: str, history: list[str], looked_up: str) -> None:
    assert whole(question, history) == looked_up


def test_a_question_made_whole_is_no_longer_than_a_query() -> None:
    assert len(whole("那耳机呢", ["保修" * MAX_QUERY])) == MAX_QUERY


TODAY = date(2026, 11, 20)


async def ask(payloads: list[Payload], query: str, history: tuple[str, ...] = ()) -> SearchResponse:
    store, embedder, document = MemoryStore(), WordEmbedder(), index()
    vectors = await embedder.embed([payload.probe for payload in payloads])
    manifest = Manifest(
        alias=document.store.alias,
        version="v1",
        embedder=embedder.fingerprint,
        dimension=DIMENSION,
        documents=len(payloads),
        chunks=len(payloads),
        rows=len(payloads),
        sparse=True,
        created=0.0,
    )
    store.create(document.collection, manifest)
    rows = [
        Row(payload.chunk, payload.chunk, payload, terms.normal(payload.probe), vector)
        for payload, vector in zip(payloads, vectors, strict=True)
    ]
    store.insert(document.collection, rows)
    store.publish(document.store.alias, document.collection)
    with ThreadPoolExecutor(2) as threads:
        versions = Versions(store, document.store.alias)
        known = {embedder.fingerprint: embedder}
        searcher = Searcher(versions, lambda: known, threads, 5.0, today=lambda: TODAY)
        return await searcher.search("shop", query, 5, document.search, history=history, explain=True)


def entry(chunk: str, text: str, *, content: str = "", since: date | None = None, until: date | None = None) -> Payload:
    return Payload(
        chunk, f"faq/{chunk}", text, (), text, "en", (), text, valid_from=since, valid_until=until, content=content
    )


async def test_finds_only_what_holds_today() -> None:
    payloads = [
        entry("always", "the festival discount is one yuan"),
        entry("over", "the festival discount was two yuan", until=date(2026, 11, 19)),
        entry("last day", "this festival discount is three yuan", until=TODAY),
        entry("first day", "a festival discount of four yuan", since=TODAY),
        entry("tomorrow", "a festival discount of five yuan", since=date(2026, 11, 21)),
    ]
    found = await ask(payloads, "festival discount")
    assert {hit.chunk for hit in found.hits} == {"always", "last day", "first day"}
    assert found.explanation is not None
    assert found.explanation.left_out == {"invalidToday": 4}  # two rows in each of two legs


async def test_tells_once_what_is_said_twice() -> None:
    payloads = [
        entry("a", "Parcels wait four days at a pickup point near you", content="x"),
        entry("b", "Pickup points keep parcels four days", content="x"),
        entry("c", "Parcels are kept for 4 days at every pickup point of the city and returned to us after that time"),
        entry("d", "Parcels are kept for 4 days at every pickup point of the city and returned to us after this time"),
        entry("e", "Parcels are kept for 9 days at every pickup point of the city and returned to us after that time"),
    ]
    found = await ask(payloads, "how long are parcels kept at a pickup point")
    chunks = {hit.chunk for hit in found.hits}
    assert len(chunks & {"a", "b"}) == 1
    assert len(chunks & {"c", "d"}) == 1
    assert "e" in chunks, "another figure is another fact"


async def test_says_why() -> None:
    payloads = [entry("a", "The warranty period is a year"), entry("b", "Our warranty period is short for cables")]
    found = await ask(payloads, "and the warrenty?", ("how long is the period",))
    assert found.explanation is not None
    assert found.explanation.asked == "and the warrenty?"
    assert found.explanation.searched == "how long is the period and the warranty?"
    assert [leg.name for leg in found.explanation.legs] == ["dense", "sparse"]
    assert found.explanation.expected == ("duration",)
    reasons = found.hits[0].reasons
    assert reasons is not None
    assert set(reasons.legs) == {"dense", "sparse"}
    assert reasons.bias + sum(reasons.evidence.values()) != 0
