"""Events in virtual time: equal ones count on, and no object may have too many."""

from typing import Any

from kefu_operator.events.ledger import BURST, REFILL_SECONDS, SAME_SECONDS, Count, Ledger, Post


def event(reason: str = "EngineNotReady", uid: str = "a", name: str = "a.1", message: str = "0 of 1") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "acme"}, "involvedObject": {"uid": uid}, "type": "Warning",
        "reason": reason, "message": message, "lastTimestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_an_equal_event_counts_on_in_the_one_that_stands_whatever_its_message_says() -> None:
    ledger = Ledger()
    assert ledger.decide(event(name="a.1"), 0) == Post(event(name="a.1"))
    assert ledger.decide(event(name="a.2", message="0 of 2"), 5) == Count("a.1", 2, event(name="a.2", message="0 of 2"))
    assert ledger.decide(event(name="a.3"), 9) == Count("a.1", 3, event(name="a.3"))


def test_another_reason_or_another_object_is_news() -> None:
    ledger = Ledger()
    ledger.decide(event(), 0)
    assert isinstance(ledger.decide(event(reason="Ready"), 0), Post)
    assert isinstance(ledger.decide(event(uid="b"), 0), Post)


def test_after_a_long_silence_it_is_news_again() -> None:
    ledger = Ledger()
    ledger.decide(event(), 0)
    assert isinstance(ledger.decide(event(), SAME_SECONDS), Count)
    assert isinstance(ledger.decide(event(), 2 * SAME_SECONDS + 1), Post)


def test_an_event_that_the_api_server_has_forgotten_is_posted_anew() -> None:
    ledger = Ledger()
    ledger.decide(event(), 0)
    ledger.lost(event())
    assert isinstance(ledger.decide(event(), 1), Post)


def test_an_object_that_flaps_is_told_of_in_bursts_and_then_now_and_then() -> None:
    ledger = Ledger()
    told = [ledger.decide(event(reason=f"R{number}"), 0) for number in range(BURST + 5)]
    assert [each is None for each in told] == [False] * BURST + [True] * 5
    assert ledger.decide(event(), REFILL_SECONDS - 1) is None
    assert ledger.decide(event(), REFILL_SECONDS + 1) is not None
    assert ledger.decide(event(), REFILL_SECONDS + 2) is None


def test_one_objects_flapping_silences_no_other() -> None:
    ledger = Ledger()
    for number in range(BURST + 5):
        ledger.decide(event(reason=f"R{number}"), 0)
    assert isinstance(ledger.decide(event(uid="b"), 0), Post)


def test_it_remembers_no_more_than_it_may() -> None:
    ledger = Ledger(most=100)
    for number in range(1000):
        ledger.decide(event(uid=str(number)), number)
    assert len(ledger._told._items) == len(ledger._buckets._items) == 100
