"""How far a job is, and how long it will take yet."""

import logging

import pytest

from kefu_retrieval.progress import Progress
from tests.unit.test_retrieval.doubles import Clock


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, int | None]]:
    return [(vars(record)["done"], vars(record).get("left")) for record in caplog.records]


def test_tells_the_time_that_is_left_at_the_pace_of_the_last_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    progress = Progress(clock)
    progress("Building", 0, 10_000)
    clock.now += 3
    progress("Building", 8_000, 10_000)  # were there before a restart
    for _ in range(40):
        clock.now += 3
        progress("Building", lines(caplog)[-1][0] + 30, 10_000)
    told = lines(caplog)
    assert told[0] == (0, None)
    assert told[1] == (8_000, None), "three seconds show no pace"
    assert told[2][1] == round(1_970 * 6 / 8_030)
    assert told[-1] == (9_200, 80), "ten a second"


def test_knows_nothing_where_nothing_comes_and_begins_anew_with_a_phase(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    progress = Progress(clock)
    for _ in range(5):
        progress("Building", 10, 20)
        clock.now += 10
    progress("Building", 20, 20)
    progress("Evaluating", 0, 5)
    assert lines(caplog) == [(10, None)] * 5 + [(20, 0), (0, None)]


def test_tells_no_more_often_than_every_two_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    progress = Progress(clock)
    for done in range(6):
        progress("Building", done, 5)
        clock.now += 0.5
    assert lines(caplog) == [(0, None), (4, None), (5, None)]
