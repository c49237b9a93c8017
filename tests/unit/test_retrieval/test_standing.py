"""What a long question as a whole says for each document."""

import pytest

from kefu_retrieval.search import standing
from kefu_retrieval.search.bm25 import Texts
from kefu_retrieval.search.lexicon import Lexicon
from kefu_retrieval.store.rows import Payload


def payload(name: str, title: str, text: str) -> Payload:
    return Payload(name, name, title, (), text, "en", (), text)


PAGES = {
    "espresso": payload("espresso", "The seal of the brew group", "A leaking brew group needs a new seal."),
    "gift": payload("gift", "Gift cards", "Gift cards are good for ten years."),
    "sofa": payload("sofa", "Delivery to upper floors", "We carry a sofa bed to any floor."),
    "news": payload("news", "Our newsletter", "Thank you for your order, and thank you again for your letter."),
    "kettle": payload("kettle", "Descaling a kettle", "Boil water with vinegar."),
}
LETTER = "Thank you for your letter! My brew group leaks. Do gift cards expire? Can a sofa bed be carried to my floor?"


def asked(
    text: str, pages: dict[str, Payload] = PAGES, found: tuple[tuple[str, ...], ...] = ()
) -> dict[str, dict[str, float]]:
    lexicon = Lexicon(each.text for each in pages.values())
    return standing.standing(text, {name: [page] for name, page in pages.items()}, found, lexicon)


def test_each_sentence_votes_for_the_document_that_says_most_of_it() -> None:
    votes = {name: made_of["sentences"] for name, made_of in asked(LETTER).items()}
    most = standing.SENTENCES / 4**0.5
    assert all(votes[name] > most / 2 for name in ("espresso", "gift", "sofa")), votes


def test_of_many_sentences_each_counts_for_less() -> None:
    few, many = (max(of["sentences"] for of in asked(" ".join([LETTER] * times)).values()) for times in (1, 9))
    assert few == pytest.approx(3 * many)


def test_what_is_said_again_counts_for_more_but_not_as_often_as_it_is_said() -> None:
    pages = {"once": payload("once", "Gift cards", "gift card"), "again": payload("again", "Sofa beds", "sofa bed")}
    told = asked("The gift card. The sofa bed. That sofa bed. My sofa bed. Your sofa bed.", pages)
    assert told["again"]["phrases"] == 1.0
    held = {name: {"a b": 1} if name == "once" else {"c d": 1} for name in pages}
    scores = Texts({"a b", "c d"}, held).scores({"a b": 1.0, "c d": 2.0})
    assert scores["again"] == pytest.approx(2 * scores["once"])


def test_documents_that_the_parts_find_far_up_stand_higher_even_where_no_word_is_shared() -> None:
    told = asked("咖啡机漏水了，应该怎么修理？", found=(("espresso", "news"), ("espresso", "gift")))
    assert told["espresso"] == {"phrases": 0.0, "title": 0.0, "sentences": 0.0, "found": standing.FOUND}
    assert told["sofa"]["found"] == 0.0 < told["gift"]["found"]


def test_a_text_without_words_speaks_for_none() -> None:
    assert {sum(of.values()) for of in asked("... ?! ...").values()} == {0.0}
    assert asked(LETTER, {}) == {}
