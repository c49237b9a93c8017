"""How long an engine stands that nobody wants any more."""

from datetime import UTC, datetime, timedelta

from kefu_operator.reconcile.farewell import SECONDS, Farewell

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_it_stands_for_a_while_from_the_first_look_on() -> None:
    farewell = Farewell()
    assert farewell.left("acme", "engine-a", NOON) == SECONDS
    assert farewell.left("acme", "engine-a", NOON + timedelta(seconds=4)) == SECONDS - 4
    assert farewell.left("acme", "engine-b", NOON + timedelta(seconds=4)) == SECONDS
    assert farewell.left("acme", "engine-a", NOON + timedelta(minutes=1)) == 0


def test_who_was_wanted_in_between_has_the_whole_time_again() -> None:
    farewell = Farewell()
    farewell.left("acme", "engine-a", NOON)
    farewell.forget("acme", "engine-a")
    assert farewell.left("acme", "engine-a", NOON + timedelta(minutes=1)) == SECONDS
