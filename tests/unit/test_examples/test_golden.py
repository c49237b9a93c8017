import re

import pytest

from .shop import Golden, faq, golden, holds, normalise, sources

ANSWERABLE = [question for question in golden() if question.answerable]
UNANSWERABLE = [question for question in golden() if not question.answerable]
answerable = pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)


def bare(text: str) -> str:
    """The letters and digits of a text alone."""
    return re.sub(r"\W", "", normalise(text))


def test_the_set_has_the_promised_shape() -> None:
    assert len(golden()) == 60
    assert [sum(question.language == language for question in golden()) for language in ("zh", "en")] == [30, 30]
    assert [sum(question.language == language for question in UNANSWERABLE) for language in ("zh", "en")] == [8, 7]


def test_a_third_of_the_answers_are_found_only_in_policy_pages() -> None:
    only = [question for question in ANSWERABLE if all(source.startswith("policies/") for source in question.sources)]
    assert len(only) >= len(ANSWERABLE) / 3


def test_ids_and_questions_are_unique() -> None:
    assert len({question.id for question in golden()}) == len({bare(q.question) for q in golden()}) == len(golden())


def test_no_question_is_copied_from_the_faq() -> None:
    known = {bare(phrase) for entry in faq() for phrase in (entry.question, *entry.variants)}
    assert [question.id for question in golden() if bare(question.question) in known] == []


@answerable
def test_every_source_exists_and_carries_every_fact(question: Golden) -> None:
    assert question.sources
    assert question.facts
    for source in question.sources:
        for group in question.facts:
            assert any(holds(sources()[source], fact) for fact in group), f"{source} does not hold any of {group}"


@answerable
def test_a_source_in_one_language_has_its_twin(question: Golden) -> None:
    twins = {re.sub(r"\.(zh|en)(?=$|\.)", "", source) for source in question.sources}
    assert len(question.sources) == 2 * len(twins)


@answerable
def test_an_alternative_is_not_said_by_the_question_itself(question: Golden) -> None:
    assert not any(holds(question.question, fact) for group in question.facts for fact in group)


@pytest.mark.parametrize("question", UNANSWERABLE, ids=lambda question: question.id)
def test_an_unanswerable_question_names_no_source(question: Golden) -> None:
    assert not question.sources
    assert not question.facts


@pytest.mark.parametrize(
    ("text", "fact", "expected"),
    [
        ("within 15 days", "5 days", False),
        ("within 5 Days", "5 days", True),
        ("签收后 7 天内", "7天", True),
        ("costs 4.5%", "5%", False),
        ("a limit of 50000", "5000", False),
        ("at 10:00, 20:00", "20:00", True),
    ],
)
def test_a_fact_is_not_found_inside_a_longer_number(text: str, fact: str, expected: bool) -> None:
    assert holds(text, fact) is expected
