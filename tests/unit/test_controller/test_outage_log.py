"""An outage of the API server fills no log."""

import logging
from itertools import islice

from kefu_operator.outage_log import OutageFilter
from kefu_operator.watch import Patience


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("kopf", logging.ERROR, "api.py", 1, text, (), None)


def test_one_failed_try_a_minute_is_told_and_the_others_are_counted() -> None:
    now = [0.0]
    outages = OutageFilter(60, lambda: now[0])
    tries = [record(f"Request attempt #{number} failed; will retry") for number in range(5)]
    assert [outages.filter(each) for each in tries[:4]] == [True, False, False, False]
    now[0] = 60
    assert outages.filter(tries[4])
    assert tries[4].levelname == "WARNING"
    assert "(3 more like it were left out)" in tries[4].getMessage()


def test_everything_else_is_told_as_it_is() -> None:
    other = record("Something else")
    assert OutageFilter().filter(other)
    assert other.levelname == "ERROR"


def test_kopf_never_gives_up_and_never_waits_long() -> None:
    delays = list(islice(Patience(), 1000))
    assert max(delays) <= 15
    assert min(delays) >= 0.5
    assert sum(delays[:3]) < 6
