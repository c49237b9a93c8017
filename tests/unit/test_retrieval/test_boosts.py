"""Boosts: what comes first among passages that are nearly as likely, and that nothing else changes."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu_api.documents.index import Boosts, Freshness
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search.boosts import LEAST, MOST, boosted, factors, lift
from kefu_retrieval.search.confidence import Evidence
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.ranking import Judged
from kefu_retrieval.search.reranking import Reranking, reordered
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Payload
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index

TODAY = date(2026, 6, 1)
FRESH = Boosts(freshness=Freshness(half_life_days=30, weight=0.4))
OFFICIAL = Boosts(tags={"official": 1.5, "forum": 0.6})
NOTHING = Evidence(*[0.0] * 12)


def payload(chunk: str, *tags: str, begun: date | None = None) -> Payload:
    return Payload(chunk, f"faq/{chunk}", chunk, (), chunk, "en", tags, chunk, valid_from=begun)


def judged(chunk: str, confidence: float, *tags: str, begun: date | None = None) -> Judged:
    return Judged(Fused(payload(chunk, *tags, begun=begun), 0.1, {}), NOTHING, confidence)


def chunks(ranked: Sequence[Judged]) -> list[str]:
    return [each.payload.chunk for each in ranked]


@pytest.mark.parametrize(("age", "factor"), [(0, 1.4), (30, 1.2), (60, 1.1), (-5, 1.4)])
def test_half_of_the_advantage_is_left_after_the_half_life(age: int, factor: float) -> None:
    found = factors(payload("a", begun=TODAY - timedelta(days=age)), FRESH, TODAY)
    assert found == {"freshness": pytest.approx(factor)}


def test_counts_what_is_there_and_nothing_else() -> None:
    assert factors(payload("a"), FRESH, TODAY) == {}
    assert factors(payload("a", "other"), OFFICIAL, TODAY) == {}
    assert factors(payload("a", "official", "forum"), OFFICIAL, TODAY) == {"tag official": 1.5, "tag forum": 0.6}


@given(st.dictionaries(st.text(max_size=3), st.floats(0.5, 2), max_size=16))
def test_all_boosts_together_are_bounded(found: dict[str, float]) -> None:
    assert math.log(LEAST) - 1e-9 <= lift(found) <= math.log(MOST) + 1e-9


def test_moves_what_is_nearly_as_likely_and_leaves_what_is_much_likelier() -> None:
    ranked = [judged("sure", 0.9), judged("plain", 0.6), judged("new", 0.55, "official"), judged("forum", 0.5, "forum")]
    after = boosted(ranked, OFFICIAL, TODAY)
    assert chunks(after) == ["sure", "new", "plain", "forum"]
    assert [each.confidence for each in after] == [0.9, 0.55, 0.6, 0.5]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_leaves_the_order_where_nothing_counts(confidences: list[float]) -> None:
    ranked = [judged(str(n), confidence) for n, confidence in enumerate(confidences)]
    assert chunks(boosted(ranked, OFFICIAL, TODAY)) == chunks(boosted(ranked, None, TODAY)) == chunks(ranked)


def test_counts_for_a_rerankers_order_too() -> None:
    ranked = [replace(judged("forum", 0.5), boosts={"tag forum": 0.6}), replace(judged("a", 0.5), boosts={})]
    assert chunks(reordered(ranked, [0.3, 0.0])) == ["a", "forum"]
    assert chunks(reordered(ranked, [0.6, 0.0])) == ["forum", "a"]


FAQ = """
- {id: old, question: How long may I return goods, answer: Within seven days., validFrom: 2020-01-01}
- {id: new, question: How long may I return the goods, answer: Within ten days., validFrom: 2026-05-30, tags: [official]}
- {id: shop, question: Where is the shop, answer: In the high street.}
"""
LONG = (
    "How long may I return goods that I bought? " * 4
    + "Where is the shop, and what is its street called, if I may ask? " * 4
)


class Backwards:
    """A reranker that finds the last passage the best."""

    kind = "model"

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        return [float(place) for place, _ in enumerate(passages)]

    async def close(self) -> None:
        return None


async def asked(boosts: Boosts | None, query: str, reranking: Reranking | None = None) -> SearchResponse:
    store, made = MemoryStore(), index(faq_source(FAQ))
    await Ingestion(made, store, WordEmbedder()).run()
    chosen = made.search.model_copy(update={"boosts": boosts})
    with ThreadPoolExecutor(4) as threads:
        versions, embedders = Versions(store, made.store.alias), {"words": WordEmbedder()}
        searcher = Searcher(versions, lambda: embedders, threads, 5.0, today=lambda: TODAY, reranking=reranking)
        return await searcher.search("shop", query, 3, chosen, explain=True)


async def test_a_search_is_as_sure_as_without_boosts_and_says_what_counted() -> None:
    boosts = Boosts(freshness=FRESH.freshness, tags={"official": 2.0})
    plain, found = await asked(None, "how long return goods"), await asked(boosts, "how long return goods")
    assert (plain.hits[0].document, found.hits[0].document) == ("faq/old", "faq/new")
    assert (found.confidence, found.answerable) == (plain.confidence, plain.answerable)
    assert found.hits[0].reasons and found.hits[0].reasons.boosts.keys() == {"freshness", "tag official"}
    assert {hit.document: hit.confidence for hit in found.hits} == {hit.document: hit.confidence for hit in plain.hits}


@pytest.mark.parametrize(
    ("factor", "order"),
    [(None, ["old", "new", "shop"]), (2.0, ["new", "old", "shop"]), (0.5, ["old", "shop", "new"])],
)
async def test_a_long_question_is_boosted_by_its_documents_standing(factor: float | None, order: list[str]) -> None:
    found = await asked(Boosts(tags={"official": factor}) if factor else None, LONG)
    assert found.explanation and len(found.explanation.parts) > 1
    assert [hit.document.removeprefix("faq/") for hit in found.hits] == order


async def test_boosts_and_a_reranker_act_together() -> None:
    found = await asked(Boosts(tags={"official": 2.0}), "how long return goods", Reranking(Backwards(), 10, 1.0))
    assert found.hits[0].reasons and found.hits[0].reasons.reranker is not None
    assert any(hit.reasons and hit.reasons.boosts for hit in found.hits)
