"""Long questions: cut into parts, which together tell the documents that are needed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_api.wire.search import MAX_QUERY, SearchResponse
from kefu_retrieval.chunks import terms
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.search import parts
from kefu_retrieval.search.bm25 import Texts
from kefu_retrieval.search.phrases import phrases
from kefu_retrieval.search.searcher import Searcher
from kefu_retrieval.search.versions import Versions
from kefu_retrieval.store.memory import MemoryStore
from tests.unit.test_retrieval.doubles import WordEmbedder, faq_source, index

LETTER = (
    "Hello, my name is Mei and I bought three things from you last month, thank you for that. My espresso machine leaks"
    " water from the brew group. I also want to know whether gift cards expire, since my aunt gave me one. And one more"
    " thing: can you deliver a sofa bed to the fifth floor, where there is no lift? I look forward to hearing from you."
)
SHOP = """
- {id: leak, question: My espresso machine leaks, answer: Replace the seal of the brew group.}
- {id: card, question: Do gift cards expire, answer: Gift cards are good for ten years.}
- {id: sofa, question: Sofa bed to an upper floor, answer: We deliver a sofa bed to any floor for a fee.}
- {id: water, question: How do I descale a kettle, answer: Boil water with vinegar once a month.}
- {id: name, question: Change the name on an order, answer: Call us before it is sent.}
- {id: hear, question: Do you hire people, answer: We look for more people and answer by letter.}
"""


def test_looks_up_short_questions_whole() -> None:
    for short in ("How long is the warranty?", "手机保修多久？那耳机呢？", ""):
        assert parts.cut(short) == (short,)


def test_cuts_a_letter_into_what_it_asks() -> None:
    cut = parts.cut(LETTER)
    assert any("leaks" in part and "sofa" not in part for part in cut)
    assert any("gift cards" in part and "leaks" not in part for part in cut)
    chinese = parts.cut("我上个月买的咖啡机漏水了。礼品卡会过期吗？沙发床能不能送到没有电梯的五楼？" * 2)
    assert len(chinese) >= 3 and "礼品卡会过期吗" in "".join(chinese)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="ab c。，.\n问题", max_size=MAX_QUERY))
def test_any_text_has_a_bounded_number_of_parts(text: str) -> None:
    cut = parts.cut(text)
    assert 1 <= len(cut) <= parts.MOST
    assert cut == (text,) or all(part in text for part in cut)


def test_phrases_are_content_words_that_stand_together() -> None:
    assert phrases("the gift cards. Expire soon") == {"gift card": 1, terms.normal("expire soon"): 1}
    assert phrases("礼品卡，过期") == {"礼品": 1, "品卡": 1, "过期": 1}
    assert phrases("a 3.5 litre kettle") == {terms.normal("3.5 litre"): 1, terms.normal("litre kettle"): 1}


def test_weighs_rare_phrases_more_and_long_texts_less() -> None:
    asked = {"a b": 1.0, "c d": 1.0}
    held = {"rare": {"a b": 1}, "one": {"c d": 1}, "two": {"c d": 1, "x y": 20}, "none": {"x y": 1}}
    scores = Texts(asked, held).scores(asked)
    assert scores["rare"] > scores["one"] > scores["two"] > 0 and "none" not in scores
    assert Texts(asked, {}).scores(asked) == {}


async def ask(query: str, top_k: int = 3) -> SearchResponse:
    store = MemoryStore()
    document = index(faq_source(SHOP))
    await Ingestion(document, store, WordEmbedder()).run()
    with ThreadPoolExecutor(4) as threads:
        versions = Versions(store, document.store.alias)
        searcher = Searcher(versions, lambda: {"words": WordEmbedder()}, threads, timeout=60.0)
        return await searcher.search("shop", query, top_k, document.search, explain=True)


async def test_a_letter_finds_what_each_of_its_parts_asks_for() -> None:
    response = await ask(LETTER)
    assert {hit.document for hit in response.hits} == {"faq/leak", "faq/card", "faq/sofa"}
    assert response.answerable
    assert response.confidence == max(hit.confidence for hit in response.hits)


async def test_says_what_was_looked_up_and_why_a_document_stands_where_it_does() -> None:
    response = await ask(LETTER)
    assert response.explanation and response.explanation.parts == parts.cut(LETTER)
    for hit in response.hits:
        assert hit.reasons and set(hit.reasons.standing) == {"phrases", "title", "sentences", "found", "confidence"}
        assert sum(hit.reasons.standing.values()) == pytest.approx(hit.score, abs=1e-3)
    assert [hit.score for hit in response.hits] == sorted((hit.score for hit in response.hits), reverse=True)


async def test_a_short_question_has_no_parts() -> None:
    response = await ask("My espresso machine leaks")
    assert response.hits[0].document == "faq/leak"
    assert response.explanation and response.explanation.parts == ()
    assert response.hits[0].reasons and response.hits[0].reasons.standing == {}
