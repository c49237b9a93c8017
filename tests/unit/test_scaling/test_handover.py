"""The old scaler goes before the new one comes, and nobody waits for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from kefu_operator.scaling.handover import RUNNERS, handover, without_kedas
from tests.unit.test_scaling.objects import Object, autoscaler, deployment, scaled_object

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
HELD = {"finalizers": ["finalizer.keda.sh"]}


def going(seconds: int) -> Object:
    """Metadata of an object whose deletion was asked for so long ago."""
    return {**HELD, "deletionTimestamp": (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")}


CASES: dict[str, tuple[list[Object], list[Object], list[str], bool]] = {
    "nothing is there and nothing is wanted": ([], [deployment(1)], [], False),
    "what is there is wanted": ([scaled_object()], [scaled_object(), deployment(1)], [], False),
    "KEDA's own autoscaler stays with its ScaledObject": (
        [scaled_object()], [scaled_object(), autoscaler("keda-hpa", owner="uid-so")], [], False,
    ),
    "an autoscaler goes at once": ([scaled_object()], [autoscaler()], ["HorizontalPodAutoscaler"], False),
    "a ScaledObject is held by KEDA": ([autoscaler()], [scaled_object(meta=HELD)], ["ScaledObject"], True),
    "a ScaledObject is going": (
        [autoscaler()], [scaled_object(meta=going(5))], ["ScaledObject"], True,
    ),
    "KEDA is not there to let go of it": (
        [autoscaler()], [scaled_object(meta=going(31))], ["ScaledObject"], False,
    ),
    "KEDA's autoscaler goes with a ScaledObject that is going": (
        [], [scaled_object(meta=going(5)), autoscaler("keda-hpa", owner="uid-so")],
        ["ScaledObject", "HorizontalPodAutoscaler"], True,
    ),
    "KEDA's autoscaler was left behind": (
        [autoscaler()], [autoscaler("keda-hpa", owner="uid-so")], ["HorizontalPodAutoscaler"], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "live", "outgoing", "waits"), CASES.values(), ids=CASES.keys())
def test_who_goes_first(wanted: list[Object], live: list[Object], outgoing: list[str], waits: bool) -> None:
    change = handover(wanted, live, NOW)
    assert ([each["kind"] for each in change.outgoing], change.waits) == (outgoing, waits)


def test_kedas_autoscaler_is_not_ours_although_it_has_our_labels() -> None:
    live = [scaled_object(), autoscaler("keda-hpa", owner="uid-so"), deployment(1)]
    assert [each["kind"] for each in without_kedas(live)] == ["ScaledObject", "Deployment"]


def runner(kind: str, meta: Object | None = None) -> Object:
    version = "apps/v1" if kind == "StatefulSet" else "leaderworkerset.x-k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": kind.lower(), "uid": kind, **(meta or {})}}


def test_a_runner_goes_before_its_successor_comes_and_scalers_stay() -> None:
    live = [runner("StatefulSet"), autoscaler()]
    change = handover([runner("LeaderWorkerSet")], live, NOW, RUNNERS)
    assert ([each["kind"] for each in change.outgoing], change.waits) == (["StatefulSet"], False)
    held = runner("LeaderWorkerSet", going(5))
    assert handover([runner("StatefulSet")], [held], NOW, RUNNERS).waits
    assert not handover([runner("StatefulSet")], [runner("LeaderWorkerSet", going(31))], NOW, RUNNERS).waits
