"""The reranker's place in a search: it orders the best, within its budget, and nothing fails by it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from kefu_api.documents import index as document
from kefu_api.wire.search import SearchResponse
from kefu_retrieval.errors import EncoderMissing, RerankerUnreachable
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.rerankers.chat import request, yes_over_no
from kefu_retrieval.rerankers.protocol import Reranker, log_odds, relevance
from kefu_retrieval.search.confidence import Evidence
from kefu_retrieval.search.fusion import Fused
from kefu_retrieval.search.ranking import Judged
from kefu_retrieval.search.reranking import REST, STRIKES, Reranking, reordered
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import Versions
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.rows import Payload
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, faq_source, index

NOTHING = Evidence(*[0.0] * 12)


def judged(chunk: str, confidence: float = 0.5) -> Judged:
    payload = Payload(chunk, f"faq/{chunk}", chunk, (), chunk, "en", (), chunk)
    return Judged(Fused(payload, 0.1, {}), NOTHING, confidence)


def chunks(ranked: Sequence[Judged]) -> list[str]:
    return [each.payload.chunk for each in ranked]


class Told:
    """Scores passages as told, or fails, or takes its time."""

    kind = "endpoint"

    def __init__(self, *words: str) -> None:
        """Passages that hold a later word are better."""
        self.words = words
        self.error: Exception | None = None
        self.seconds = 0.0
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def score(self, question: str, passages: Sequence[str]) -> list[float]:
        self.asked.append((question, tuple(passages)))
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return [
            max((place for place, word in enumerate(self.words, 1) if word in text), default=0) for text in passages
        ]

    async def close(self) -> None:
        return None


RANKED = [judged(name) for name in "abcde"]


def test_orders_the_first_ones_and_leaves_the_others_behind_them() -> None:
    after = reordered(RANKED, [0.0, 2.0, 1.0])
    assert chunks(after) == ["b", "c", "a", "d", "e"]
    assert [each.relevance for each in after] == [0.880797, 0.731059, 0.5, None, None]


@given(st.lists(st.floats(-50, 50), max_size=5))
def test_loses_and_doubles_nothing_and_keeps_ties_as_they_were(scores: list[float]) -> None:
    after = reordered(RANKED, scores)
    assert sorted(chunks(after)) == chunks(RANKED)
    assert chunks(after[len(scores) :]) == chunks(RANKED[len(scores) :])
    places = [(-scores["abcde".index(name)], name) for name in chunks(after[: len(scores)])]
    assert places == sorted(places)


@given(st.floats(0.001, 0.999))
def test_the_two_scales_are_each_others_inverse(share: float) -> None:
    assert relevance(log_odds(share)) == pytest.approx(share)
    assert 0 <= relevance(-1e9) <= relevance(1e9) <= 1


async def test_asks_about_the_best_with_all_that_they_say() -> None:
    told = Told("c")
    found = await Reranking(told, 3, 1.0).order("why", RANKED)
    assert (chunks(found.ranked), found.report.outcome, found.report.candidates) == (
        ["c", "a", "b", "d", "e"],
        "reranked",
        3,
    )
    assert told.asked == [("why", ("a a", "b b", "c c"))]


async def test_does_not_wait_beyond_its_budget() -> None:
    told = Told("c")
    told.seconds = 60.0
    found = await Reranking(told, 3, 0.02).order("why", RANKED)
    assert (chunks(found.ranked), found.report.outcome) == (chunks(RANKED), "late")
    assert "0.02 s" in found.report.detail


async def test_leaves_one_alone_for_a_while_that_fails_again_and_again() -> None:
    told, clock = Told("c"), Clock()
    told.error = RerankerUnreachable("away")
    reranking = Reranking(told, 3, 1.0, clock=clock)
    outcomes = [(await reranking.order("why", RANKED)).report.outcome for _ in range(STRIKES + 1)]
    assert outcomes == ["failed"] * STRIKES + ["resting"]
    assert len(told.asked) == STRIKES
    told.error = None
    clock.now += REST
    assert (await reranking.order("why", RANKED)).report.outcome == "reranked"


async def test_does_not_ask_where_there_is_nothing_to_order() -> None:
    told = Told("c")
    reranking = Reranking(told, 3, 1.0)
    assert (await reranking.order("why", RANKED[:1])).report.outcome == "skipped"
    assert (await reranking.order("why", RANKED, whole=False)).report.detail == "looked up in parts"
    assert told.asked == []


async def test_one_that_cannot_be_loaded_orders_nothing_and_says_why() -> None:
    def broken(by: document.Reranker) -> Reranker:
        raise EncoderMissing("the model folder /m does not exist")

    settings = document.Reranking(by=document.ModelReranker(path="/m"), candidates=3, budget_seconds=1.0)
    reranking = Reranking.of(settings, broken)
    assert reranking is not None
    report = (await reranking.order("why", RANKED)).report
    assert (report.kind, report.outcome, report.detail) == ("model", "broken", "the model folder /m does not exist")
    assert (await reranking.patient().order("why", RANKED)).report.outcome == "broken"


FAQ = """
- {id: a, question: How long may I return goods, answer: Within seven days.}
- {id: b, question: How long may I return shoes, answer: Within ten days.}
- {id: c, question: Where is the shop, answer: In the high street.}
"""


async def asked(reranking: Reranking | None, query: str = "how long may I return goods") -> SearchResponse:
    store, made = MemoryStore(), index(faq_source(FAQ))
    await Ingestion(made, store, WordEmbedder()).run()
    with ThreadPoolExecutor(4) as threads:
        versions = Versions(store, made.store.alias)
        searcher = Searcher(versions, lambda: {"words": WordEmbedder()}, threads, timeout=5.0, reranking=reranking)
        return await searcher.search("shop", query, 3, made.search, explain=True)


async def test_a_search_shows_the_rerankers_order_and_is_as_sure_as_without_it() -> None:
    plain, found = await asked(None), await asked(Reranking(Told("shoes"), 10, 1.0))
    assert plain.hits[0].document == "faq/a"
    assert found.hits[0].document == "faq/b"
    assert (found.confidence, found.answerable) == (plain.confidence, plain.answerable)
    assert found.confidence == max(hit.confidence for hit in found.hits) > found.hits[0].confidence
    assert found.explanation and found.explanation.reranker
    assert found.explanation.reranker.outcome == "reranked"
    assert found.hits[0].reasons and found.hits[0].reasons.reranker == 0.731059
    assert plain.explanation and plain.explanation.reranker is None


async def test_a_search_whose_reranker_is_away_answers_as_one_without() -> None:
    told = Told("shoes")
    told.error = RerankerUnreachable("http://r does not answer")
    plain, found = await asked(None), await asked(Reranking(told, 10, 1.0))
    assert [hit.document for hit in found.hits] == [hit.document for hit in plain.hits]
    assert found.explanation and found.explanation.reranker
    assert (found.explanation.reranker.outcome, found.explanation.reranker.detail) == (
        "failed",
        "http://r does not answer",
    )


async def test_what_came_of_it_is_counted_for_the_index() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("kefu_retrieval_reranks_total", {"index": "shop", "outcome": "reranked"}) or 0

    before = counted()
    await asked(None)
    assert counted() == before
    await asked(Reranking(Told("shoes"), 10, 1.0))
    assert counted() == before + 1


def test_weighs_yes_against_no_whatever_their_spelling() -> None:
    assert yes_over_no([("Yes", -0.1), (" no", -2.4), ("The", -5.0)]) == pytest.approx(2.3)
    assert yes_over_no([("是", -1.0), ("是的", -1.0), ("否", -1.0)]) == pytest.approx(0.6931, abs=1e-4)
    assert yes_over_no([("no", -0.1), ("The", -4.0)]) < yes_over_no([("no", -0.1), ("yes", -4.0)]) < 0
    assert yes_over_no([("yes", -0.1), ("no", float("-inf"))]) > 0


def test_asks_in_the_language_of_the_question_with_the_passage_last() -> None:
    spoken = [request(question, "passage {x}")["messages"] for question in ("几天内可以退货？", "When {y}?")]
    assert [messages[0]["content"][:3] for messages in spoken] == ["判断文", "Jud"]
    assert "When {y}?\n\nDocument: passage {x}" in spoken[1][1]["content"]
