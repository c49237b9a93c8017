"""Conditions: Ready carries the worst leaf, and times change only when a status does."""

from collections.abc import Callable

import pytest

from kefu_api.kinds.meta import Condition
from kefu_operator.status.check import Check, degraded, fail, ok, stuck, wait, worst
from kefu_operator.status.conditions import MAX_MESSAGE, conditions

GOOD = ok("Running", "it runs")


def told(
    *parts: Check, before: tuple[Condition, ...] = (), now: str = "t1", progress: Check | None = None
) -> dict[str, Condition]:
    named = {f"Part{number}": [check] for number, check in enumerate(parts)}
    made = conditions(named, before, 7, now, progress=progress)
    return {condition.type: condition for condition in made}


def test_all_good_is_ready_and_nothing_moves() -> None:
    found = told(GOOD, GOOD)
    assert {name: condition.status for name, condition in found.items()} == {
        "Ready": "True", "Part0": "True", "Part1": "True", "Progressing": "False", "Stalled": "False",
    }  # fmt: skip
    assert all(condition.observed_generation == 7 for condition in found.values())


@pytest.mark.parametrize(
    ("bad", "progressing", "stalled"),
    [
        (wait("Starting", "m"), "True", "False"),
        (fail("CrashLoopBackOff", "m"), "False", "False"),
        (stuck("OOMKilled", "m"), "False", "True"),
    ],
)
def test_one_bad_part_is_told_by_ready(bad: Check, progressing: str, stalled: str) -> None:
    found = told(GOOD, bad)
    assert (found["Ready"].status, found["Ready"].reason) == ("False", bad.reason)
    assert found["Part0"].status == "True"
    assert (found["Progressing"].status, found["Stalled"].status) == (progressing, stalled)


def test_a_part_that_answers_with_less_is_ready_and_says_so() -> None:
    found = told(GOOD, degraded("Degraded", "1/5 pods are ready"))
    assert {name: (each.status, each.reason) for name, each in found.items()} == {
        "Ready": ("True", "Degraded"), "Part0": ("True", "Running"), "Part1": ("True", "Degraded"),
        "Progressing": ("False", "Degraded"), "Stalled": ("False", "Degraded"),
    }  # fmt: skip
    assert found["Ready"].message == "1/5 pods are ready"
    assert told(degraded("Degraded", "1/5"), wait("Starting", ""))["Ready"].status == "False"


def test_the_worst_part_is_told_and_of_equals_the_first() -> None:
    parts = (wait("A", ""), fail("B", ""), stuck("C", ""), stuck("D", ""))
    assert worst(parts).reason == "C"
    assert told(*parts)["Ready"].reason == "C"


def test_work_beside_a_ready_whole_is_progress() -> None:
    found = told(GOOD, progress=wait("Building", "v2"))
    assert (found["Ready"].status, found["Progressing"].status) == ("True", "True")


@pytest.mark.parametrize(("make", "flag"), [(wait, "Progressing"), (fail, "Progressing"), (stuck, "Stalled")])
def test_work_beside_a_ready_whole_that_fails_or_is_stuck_is_told_too(make: Callable[..., Check], flag: str) -> None:
    found = told(GOOD, progress=make("ImagePullBackOff", "v2"))
    assert {name: each.status for name, each in found.items() if name in ("Ready", "Progressing", "Stalled")} == {
        "Ready": "True", "Progressing": "False", "Stalled": "False", flag: "True",
    }  # fmt: skip
    assert found[flag].reason == "ImagePullBackOff"


def test_the_time_of_transition_stays_while_the_status_does() -> None:
    first = told(wait("Starting", "0/1"))
    second = told(fail("CrashLoopBackOff", "x"), before=tuple(first.values()), now="t2")
    assert second["Ready"].last_transition_time == "t1"
    assert second["Ready"].reason == "CrashLoopBackOff"
    assert second["Progressing"].last_transition_time == "t2"
    third = told(GOOD, before=tuple(second.values()), now="t3")
    assert third["Ready"].last_transition_time == "t3"


def test_a_long_message_is_cut() -> None:
    assert len(told(fail("X", "long" * 10_000))["Ready"].message) == MAX_MESSAGE
