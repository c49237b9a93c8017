"""A new pod of an engine before an old one goes, as long as there may be room for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kefu_operator.pods import ContainerView, PodView
from kefu_operator.rollout.machine import ROOM_SECONDS
from kefu_operator.room import is_replacing, patience

Object = dict[str, Any]

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SURGE: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
IN_TURN: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
OLD = PodView("old", created="2025-12-01T00:00:00Z", phase="Running", ready=True, scheduled=True)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def unplaced(seconds: float, **more: Any) -> PodView:
    return PodView("new", created=ago(seconds), unschedulable="0/3 nodes: Insufficient memory", **more)


def on_a_node(seconds: float, **told: Any) -> PodView:
    """Of which nothing has started; or as it is told of its first container."""
    fetch = ContainerView("fetch", "operator", **{"step": True, "waiting": "ContainerCreating", **told})
    return PodView("new", created=ago(seconds), scheduled=True, containers=(fetch,))


def failure(seconds: float, message: str) -> Object:
    return {"type": "ReplicaFailure", "status": "True", "message": message, "lastTransitionTime": ago(seconds)}


def live(*conditions: Object, strategy: Object = SURGE, **status: Any) -> Object:
    told = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "conditions": list(conditions), **status}
    return {"metadata": {"generation": 2}, "spec": {"strategy": strategy}, "status": told}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, True),
        ({"updatedReplicas": 2}, False),
        ({"replicas": 1, "updatedReplicas": 0}, True),
        ({"updatedReplicas": 2, "observedGeneration": 1}, True),
        ({"replicas": 0, "updatedReplicas": 0}, False),
    ],
    ids=["one is old", "all are new", "none is new yet", "nobody has looked at the spec yet", "there are none"],
)
def test_pods_are_being_replaced_while_one_is_old(status: Object, expected: bool) -> None:
    assert is_replacing(live(**status)) is expected


LONG = ROOM_SECONDS + 1
CASES: dict[str, tuple[Object, PodView, float | None]] = {
    "the new one loads, however long": (live(), on_a_node(LONG, running=True, waiting=""), None),
    "its image cannot be pulled, which is no lack of room": (
        live(),
        on_a_node(LONG, waiting="ImagePullBackOff"),
        None,
    ),
    "no node has room, for a while": (live(), unplaced(100), ROOM_SECONDS - 100),
    "no node has room at all": (live(), unplaced(LONG), 0),
    "it goes already": (live(), unplaced(LONG, deleting=True), None),
    "its node does not get the volume, for a while": (live(), on_a_node(100), ROOM_SECONDS - 100),
    "its node does not get the volume": (live(), on_a_node(LONG), 0),
    "the quota has no room, for a while": (live(failure(60, 'pods "x" is forbidden: exceeded quota: q')), OLD, 240),
    "the quota has no room": (live(failure(LONG, 'pods "x" is forbidden: exceeded quota: q')), OLD, 0),
    "nobody may make it, which those in the place of old ones could not be either": (
        live(failure(LONG, 'pods "x" is forbidden: violates PodSecurity')),
        OLD,
        None,
    ),
    "it has given way, and others are still to be replaced": (
        live(strategy=IN_TURN),
        on_a_node(1, running=True, waiting=""),
        0,
    ),
}


@pytest.mark.parametrize(("found", "new", "expected"), CASES.values(), ids=CASES.keys())
def test_room_is_awaited_for_a_while(found: Object, new: PodView, expected: float | None) -> None:
    assert patience(found, (OLD, new), NOW) == expected
