"""Ranking: what is asked for, words of one meaning, and the order of candidates."""

import pytest

from kefu_retrieval.search import answer_type
from kefu_retrieval.search.fusion import Leg, fuse
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.ranking import rank
from kefu_retrieval.search.vocabulary import Vocabulary, built_in, parse
from kefu_retrieval.store.rows import Found, Payload


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("退款几天到账", "duration"),
        ("最晚啥时候跟你们说", "duration"),
        ("how soon must I report it", "duration"),
        ("how many working days does it take", "duration"),
        ("押金多少", "price"),
        ("how much is gift wrapping", "price"),
        ("改地址要加钱吗", "charge"),
        ("is a new one free or do i pay", "charge"),
        ("最多能抵订单的几成", "percent"),
        ("what time do you open", "clock"),
        ("每个月能免费退几次", "count"),
        ("how many relatives can share it", "count"),
        ("金卡一年要买多少", "figure"),
    ],
)
def test_tells_what_a_question_asks_for(question: str, kind: str) -> None:
    assert kind in answer_type.expected(question)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("签收后 7 天内", "duration"),
        ("within three working days", "duration"),
        ("转寄费 12 元", "price"),
        ("it costs ¥199", "price"),
        ("电子发票免费", "charge"),
        ("手续费 4.5%", "percent"),
        ("每天 10:00 开始", "clock"),
        ("最多派送 3 次", "count"),
        ("up to 4 relatives", "count"),
    ],
)
def test_tells_what_a_text_can_answer(text: str, kind: str) -> None:
    assert kind in answer_type.held(text)
    assert answer_type.held(text, {kind}) == {kind}


def test_asks_and_holds_nothing_where_there_is_no_figure() -> None:
    assert answer_type.expected("can I return opened earbuds") == frozenset()
    assert answer_type.expected("降噪能降多少分贝") == frozenset()
    assert answer_type.held("They touch the skin, so opening affects hygiene.") == frozenset()
    assert answer_type.held("7 days", {"price"}) == frozenset()
    assert answer_type.held("7 days", set()) == frozenset()


def test_leaves_out_words_that_only_ask() -> None:
    assert Question.of("How much is the deposit").features == Question.of("the deposit").features
    assert Question.of("多久").features, "a question of nothing else keeps its words"


def test_finds_one_meaning_in_many_words_and_both_languages() -> None:
    names = [built_in().concepts(text) for text in ("邮费", "运费", "Postage?", "the shipping fees")]
    assert frozenset.intersection(*names) == {"运费"}


def test_finds_words_that_overlap_and_none_inside_others() -> None:
    vocabulary = Vocabulary([["退货"], ["货运", "freight"], ["car"]])
    assert vocabulary.concepts("退货运费") == {"退货", "货运"}
    assert vocabulary.concepts("cars, freighter, carpet") == {"car"}
    assert vocabulary.concepts("") == frozenset()


def test_looks_up_the_other_words_of_an_index_of_its_own() -> None:
    vocabulary = built_in((("小库盒", "KuBox", "pickup locker"),))
    asked = Question.of("小库盒在哪", vocabulary)
    assert asked.normal == "小库盒在哪 kubox pickup locker"
    assert "小库盒" in asked.concepts & vocabulary.concepts("Where is my KuBox?")
    assert Question.of("邮费多少", vocabulary).normal == "邮费多少", "those of any shop are told by the ranking alone"
    assert "运费" in vocabulary.concepts("邮费"), "and are still there"


def test_reads_concepts_a_line_each() -> None:
    assert parse("# comment\n\npostage, 运费，邮费\n , \nbox\n") == [["postage", "运费", "邮费"], ["box"]]


def row(chunk: str, text: str, score: float, probe: str = "", language: str = "en") -> Found:
    return Found(Payload(chunk, f"faq/{chunk}", chunk, (), text, language, (), probe or text), score)


def first(query: str, dense: list[Found]) -> str:
    lexicon = Lexicon(row.payload.probe for row in dense)
    return rank(Question.of(query), fuse([Leg("dense", 1.0, dense)], 50), lexicon)[0].payload.chunk


def test_prefers_the_chunk_with_a_figure_of_the_kind_asked_for() -> None:
    found = [row("a", "Call us to change the address.", 0.5), row("b", "A changed address costs 12 yuan.", 0.5)]
    assert first("how much is another destination", found) == "b"
    assert first("how much is another destination", found[::-1]) == "b"


def test_prefers_the_chunk_that_says_the_same_in_other_words() -> None:
    found = [row("a", "A present is packed by hand.", 0.4), row("b", "Shipping fees are waived.", 0.4)]
    assert first("postage", found) == "b"


def test_prefers_the_chunk_of_which_several_rows_are_near() -> None:
    found = [row("a", "x", 0.5, "x"), row("b", "y", 0.5, "y"), row("b", "y", 0.48, "z"), row("c", "w", 0.2, "w")]
    assert first("unheard", found) == "b"


def test_prefers_a_translation_only_where_there_is_nothing_else() -> None:
    native, foreign = row("a", "Returns take a week.", 0.5), row("b", "退货需要一周。", 0.5, language="zh")
    assert first("returns", [foreign, native]) == "a"
    lexicon = Lexicon([foreign.payload.probe])
    alone = rank(Question.of("returns"), fuse([Leg("dense", 1.0, [foreign])], 50), lexicon)
    beside = rank(Question.of("returns"), fuse([Leg("dense", 1.0, [foreign, native])], 50), lexicon)
    assert alone[0].confidence > next(hit.confidence for hit in beside if hit.payload.chunk == "b")
