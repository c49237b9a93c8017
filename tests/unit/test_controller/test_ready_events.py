"""Which changes of conditions are told by an event."""

from datetime import UTC, datetime

import pytest

from kefu_api.kinds.meta import Condition
from kefu_operator.events.ready import ready_event
from kefu_operator.status.check import Check, degraded, fail, ok, stuck, wait
from kefu_operator.status.conditions import conditions

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOUND = {
    "apiVersion": "kefu.dev/v1alpha1",
    "kind": "KnowledgeIndex",
    "metadata": {"name": "shop", "namespace": "acme", "uid": "u"},
}
GOOD, STARTING = ok("Running", "it runs"), wait("Starting", "0/1 pods")
STUCK, BROKEN = stuck("SourceNotFound", "ConfigMap faq does not exist"), fail("CrashLoopBackOff", "it crashes")
LESS, STILL_LESS = degraded("Degraded", "1/5 pods"), degraded("Degraded", "2/5 pods")


def told(check: Check | None) -> tuple[Condition, ...]:
    return () if check is None else conditions({"Part": [check]}, (), 1, "t")


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, GOOD, ("Normal", "Ready")),
        (None, STARTING, None),
        (None, STUCK, ("Warning", "SourceNotFound")),
        (STARTING, STUCK, ("Warning", "SourceNotFound")),
        (STARTING, BROKEN, None),
        (STUCK, STUCK, None),
        (STUCK, STARTING, None),
        (STUCK, GOOD, ("Normal", "Ready")),
        (GOOD, STUCK, ("Warning", "SourceNotFound")),
        (GOOD, BROKEN, ("Warning", "CrashLoopBackOff")),
        (GOOD, GOOD, None),
        (GOOD, LESS, ("Warning", "Degraded")),
        (STARTING, LESS, ("Warning", "Degraded")),
        (None, LESS, ("Warning", "Degraded")),
        (LESS, STILL_LESS, None),
        (LESS, GOOD, None),
        (LESS, BROKEN, ("Warning", "CrashLoopBackOff")),
    ],
)
def test_a_change_is_told_once(before: Check | None, after: Check, event: tuple[str, str] | None) -> None:
    made = ready_event(FOUND, told(before), told(after), NOW)
    assert (made and (made["type"], made["reason"])) == event
