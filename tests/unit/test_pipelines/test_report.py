import json

from kefu_api.wire.chat import Outcome
from kefu_pipelines.evaluation.report import as_json, as_text, goals_met
from tests.unit.test_pipelines.observations import UNANSWERABLE, observed

MIXED = [
    observed(),
    observed(answer="签收后 15 天内。", documents=("faq/other.zh",), total=3),
    observed(UNANSWERABLE, "I do not know.", Outcome.UNKNOWN),
]


def test_the_table_has_all_questions_and_each_language() -> None:
    head, recall, *_ = as_text(MIXED).splitlines()
    assert head.split() == ["all", "zh", "en"]
    assert recall.split("  ")[0] == "recall@5"
    assert recall.count("50.0% (1/2)") == 2
    assert recall.endswith("–")


def test_goals_are_named_as_met_or_missed() -> None:
    text = as_text(MIXED)
    assert "MISSED  recall@5 ≥ 95%: 50.0% (1/2)" in text
    assert "met     unanswerable refused ≥ 80%: 100.0% (1/1)" in text
    assert not goals_met(MIXED)


def test_each_wrong_answer_is_listed_with_its_reason() -> None:
    text = as_text(MIXED)
    assert "1 to look at:" in text
    assert "lacks one of 7 天/七天/7 days" in text
    assert "search found faq/other.zh instead of faq/return.zh" in text
    assert "→ 签收后 15 天内。" in text
    refused = as_text([observed(outcome=Outcome.UNKNOWN)])
    assert "refused, although the knowledge holds the answer" in refused
    assert "should have been refused, was answered" in as_text([observed(UNANSWERABLE)])


def test_nothing_wrong_lists_nothing() -> None:
    assert "to look at" not in as_text([observed(), observed(UNANSWERABLE, "", Outcome.UNKNOWN)])


def test_json_is_valid_even_where_nothing_was_counted() -> None:
    told = json.loads(json.dumps(as_json([observed(documents=None)]), allow_nan=False))
    assert told["scores"]["all"]["right"] == {"hits": 1, "of": 1}
    assert told["scores"]["all"]["recall"] == {"hits": 0, "of": 0}
    assert told["questions"][0]["right"] is True
