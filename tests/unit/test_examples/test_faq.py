import re
from collections import Counter

import pytest

from .figures import figures
from .shop import LANGUAGES, Entry, config_map, faq

BY_ID = {entry.id: entry for entry in faq()}
TOPICS = sorted({entry.topic for entry in faq()})
each_entry = pytest.mark.parametrize("entry", faq(), ids=lambda entry: entry.id)


def test_there_are_at_least_44_topics_in_both_languages() -> None:
    assert len(TOPICS) >= 44
    assert len(faq()) == len(TOPICS) * len(LANGUAGES)


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(faq())


def test_both_languages_have_the_same_topics() -> None:
    assert {entry.id for entry in faq()} == {f"{topic}.{language}" for topic in TOPICS for language in LANGUAGES}


def test_each_file_holds_one_language() -> None:
    for key, text in config_map("faq.yaml").items():
        language = key.split(".")[1]
        assert set(re.findall(r"id: .*\.(\w+)$", text, re.MULTILINE)) == {language}


def test_no_phrasing_leads_to_two_entries() -> None:
    phrasings = Counter(phrase for entry in faq() for phrase in (entry.question, *entry.variants))
    assert [phrase for phrase, count in phrasings.items() if count > 1] == []


@each_entry
def test_an_entry_is_well_formed(entry: Entry) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", entry.id)
    assert 3 <= len(entry.variants) <= 5
    assert all(isinstance(text, str) and text.strip() for text in (entry.question, entry.answer, *entry.variants))
    assert entry.tags


@each_entry
def test_an_answer_has_one_to_four_sentences_with_a_fact(entry: Entry) -> None:
    sentences = re.findall(r"[。！？]|[.!?](?=\s|$)", entry.answer)
    assert 1 <= len(sentences) <= 4
    assert figures(entry.answer), "an answer names a figure that can be checked"


@each_entry
def test_an_entry_is_written_in_its_language(entry: Entry) -> None:
    chinese = len(re.findall(r"[一-鿿]", entry.answer))
    assert (chinese > len(entry.answer) / 3) == (entry.language == "zh")


@pytest.mark.parametrize("topic", TOPICS)
def test_both_languages_tell_the_same_figures(topic: str) -> None:
    chinese, english = BY_ID[f"{topic}.zh"], BY_ID[f"{topic}.en"]
    assert figures(chinese.answer) == figures(english.answer)
    assert chinese.tags == english.tags
