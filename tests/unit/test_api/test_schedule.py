"""Cron expressions: whatever the API takes, the arithmetic understands."""

from datetime import UTC, datetime

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kefu_api import cron
from kefu_api.kinds.knowledge.source import Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACE = {"urls": ["https://h.example/a"]}


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    item = st.one_of(st.just("*"), number.map(str), ranges)
    stepped = st.tuples(item, st.integers(1, 99)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.lists(st.one_of(item, stepped), min_size=1, max_size=2).map(",".join)


EXPRESSIONS = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)).map(" ".join)


@given(EXPRESSIONS)
def test_what_the_api_takes_the_arithmetic_takes(expression: str) -> None:
    assert Source.model_validate({"name": "web", "http": PLACE, "schedule": expression}).schedule == expression
    CronSim(expression, NOON)


@given(EXPRESSIONS)
def test_between_a_time_and_the_one_before_it_none_is_due(expression: str) -> None:
    after = cron.following(expression, NOON)
    assert after is not None and after > NOON
    before = cron.preceding(expression, after)
    assert before is not None and before <= NOON and cron.following(expression, before) == after


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 2 * * 1-5", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("0 0 1 * *", datetime(2026, 12, 1, tzinfo=UTC)),
        ("0 12 * * *", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("0 0 30-31 2 *", None),
    ],
)
def test_the_following_time_of_a_friday_at_noon(expression: str, expected: datetime | None) -> None:
    assert cron.following(expression, NOON) == expected


@pytest.mark.parametrize("expression", ["0 22-4 * * *", "0 0 31 4,6 *", "60 * * * *", "* * * * 8", "* * * * *\n"])
def test_what_cannot_be_meant_is_refused(expression: str) -> None:
    with pytest.raises(ValidationError):
        Source.model_validate({"name": "web", "http": PLACE, "schedule": expression})
