"""The queue in virtual time: every call says what time it is."""

from kefu_operator.queue import Backoff, Key, KeyQueue

A, B = Key("K", "ns", "a"), Key("K", "ns", "b")


def queue() -> KeyQueue:
    return KeyQueue(Backoff(first=1, ceiling=8, spread=lambda: 1))


def test_a_key_that_is_added_many_times_is_run_once() -> None:
    keys = queue()
    for _ in range(3):
        keys.add(A, at=0)
    assert (keys.take(now=0), keys.take(now=0)) == (A, None)


def test_a_key_that_is_added_while_it_runs_is_run_once_more_and_not_beside_itself() -> None:
    keys = queue()
    keys.add(A, at=0)
    keys.take(now=0)
    keys.add(A, at=0)
    keys.add(A, at=0)
    assert keys.take(now=1) is None
    keys.done(A)
    assert (keys.take(now=1), keys.take(now=1)) == (A, None)


def test_keys_come_in_the_order_in_which_they_were_due() -> None:
    keys = queue()
    keys.add(B, at=2)
    keys.add(A, at=1)
    assert [keys.take(now=3), keys.take(now=3)] == [A, B]


def test_a_delayed_key_waits_for_its_time_and_an_earlier_wish_wins() -> None:
    keys = queue()
    keys.add(A, at=10)
    assert keys.take(now=9) is None
    assert keys.next_due() == 10
    keys.add(A, at=5)
    keys.add(A, at=20)
    assert keys.next_due() == 5
    assert keys.take(now=5) == A


def test_failures_wait_longer_and_longer_up_to_the_ceiling() -> None:
    keys, now, delays = queue(), 0.0, []
    keys.add(A, at=0)
    for _ in range(6):
        assert keys.take(now) == A
        delay = keys.failed(A, now)
        delays.append(delay)
        now += delay
    assert delays == [1, 2, 4, 8, 8, 8]


def test_success_forgets_the_failures() -> None:
    keys = queue()
    keys.add(A, at=0)
    keys.take(0)
    keys.failed(A, 0)
    keys.take(1)
    keys.done(A)
    keys.add(A, at=2)
    keys.take(2)
    assert keys.failed(A, 2) == 1


def test_the_servers_wish_to_wait_is_obeyed() -> None:
    keys = queue()
    keys.add(A, at=0)
    keys.take(0)
    assert keys.failed(A, 0, at_least=30) == 30
    assert keys.next_due() == 30


def test_an_event_does_not_cut_the_delay_of_a_failing_key_short() -> None:
    keys = queue()
    keys.add(A, at=0)
    keys.take(0)
    keys.add(A, at=0)
    keys.failed(A, 0, at_least=30)
    assert keys.take(now=1) is None


def test_a_reconcile_can_ask_to_come_again_later() -> None:
    keys = queue()
    keys.add(A, at=0)
    keys.take(0)
    keys.done(A, again_at=60)
    assert keys.next_due() == 60
    assert keys.depth("K") == 1


def test_a_key_waits_for_those_that_it_is_behind_while_they_are_due_or_run_and_no_longer() -> None:
    keys = queue()
    behind = lambda key: [B] if key == A else []
    keys.add(A, at=0)
    keys.add(B, at=0.01)
    assert keys.take(0.02, behind) == B
    assert keys.take(1, behind) is None
    keys.done(B, again_at=100)
    assert keys.take(2, behind) == A


def test_a_key_that_waited_keeps_its_place() -> None:
    keys, c = queue(), Key("K", "ns", "c")
    for at, key in enumerate((B, A, c)):
        keys.add(key, at=at)
    behind = lambda key: [B] if key == A else []
    assert keys.take(2, behind) == B
    assert keys.take(1, behind) is None
    keys.done(B)
    assert keys.take(2, behind) == A


def test_what_a_key_is_behind_holds_up_no_other() -> None:
    keys, c = queue(), Key("K", "ns", "c")
    for key in (A, B, c):
        keys.add(key, at=0)
    behind = lambda key: [B] if key == A else []
    assert [keys.take(1, behind), keys.take(1, behind), keys.take(1, behind)] == [B, c, None]
