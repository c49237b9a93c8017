"""What the retrieval benchmarks count by: scores, a plain BM25, time inside pymilvus, made-up knowledge."""

import time

import numpy as np
import pytest
from pymilvus.client.grpc_handler import GrpcHandler  # type: ignore[import-untyped]

from tests.benchmarks.retrieval import corpus
from tests.benchmarks.retrieval.bm25 import BM25, words
from tests.benchmarks.retrieval.peers.clocked import METHODS, Clocked
from tests.benchmarks.retrieval.quality import score
from tests.benchmarks.retrieval.sets import Document, QualitySet, Query, letters

DOCUMENTS = (Document("a", "Returns", "Send it back within 7 days."), Document("b", "", "满九十九元包邮，退货免运费"))


def asked(*golds: set[str]) -> QualitySet:
    return QualitySet("set", 2, DOCUMENTS, tuple(Query(f"q{n}", frozenset(gold)) for n, gold in enumerate(golds)))


def test_scores_by_documents_each_counted_once_within_the_depth() -> None:
    found = [["x", "x", "a"], ["b"], ["x", "y", "a"], []]
    got = score(found, asked({"a"}, {"b", "c"}, {"a"}, {"a"}))
    assert got.recall == pytest.approx((1 + 0.5 + 0 + 0) / 4)
    assert got.mrr == pytest.approx((0.5 + 1 + 0 + 0) / 4)
    assert got.first == pytest.approx(1 / 4)


def test_bm25_cuts_chinese_into_bigrams_and_ranks_rare_words_first() -> None:
    assert words("The returns of 退货吗 A1") == ["return", "退货", "货吗", "a1"]
    engine = BM25(DOCUMENTS)
    assert engine.search("退货要运费吗", 5) == ["b"]
    assert engine.search("how many days to send it back", 5) == ["a"]
    assert engine.search("quantum", 5) == []


def test_time_inside_searches_that_overlap_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 3.0, 1.0, 2.0, 2.0, 5.0, 7.0, 8.0])
    for name in METHODS:
        monkeypatch.setattr(GrpcHandler, name, lambda self: None)
    clocked = Clocked()
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    for _ in range(4):
        GrpcHandler.search(None)
    assert clocked.take() == 6.0  # 0 to 5, and 7 to 8
    assert clocked.take() == 0.0


def test_made_up_knowledge_is_the_same_every_time_and_its_questions_are_near() -> None:
    entries = corpus.entries(50)
    assert [entry.text for entry in entries] == corpus.texts(50)
    assert len({entry.text for entry in entries}) == 50
    for query in corpus.queries(entries, 5):
        cosines = [float(np.dot(query.vector, entry.vector)) for entry in entries]
        nearest = entries[int(np.argmax(cosines))]
        assert query.text.split("?")[0] in nearest.text


def test_puts_questions_together_that_need_all_their_documents() -> None:
    asked = QualitySet("set", 5, (), tuple(Query(f"question {n}", frozenset({f"d{n}"})) for n in range(20)))
    made = letters(asked)
    assert made == letters(asked), "the same ones in each run"
    for query in made.queries:
        assert len(query.gold) == 8
        assert {f"d{part.split()[1]}" for part in query.text.rstrip("?").split("? ")} == query.gold
