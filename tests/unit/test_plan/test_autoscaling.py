"""Who scales an engine, by what the cluster has."""

import pytest

from kefu_operator.kinds import Kinds
from kefu_operator.plan.autoscaling import autoscale, fixed
from kefu_operator.plan.demand import Demand, EngineSignals
from kefu_operator.plan.scaler import How, Lack
from kefu_operator.resources import CUSTOM_METRICS, LEADER_WORKER_SETS, POD_METRICS, SCALED_OBJECTS

VLLM = EngineSignals("vllm:waiting", "vllm:cache")
BOTH = Demand(1, 8, 4, "0.8")
PROMETHEUS = "http://prometheus:9090"


def adapter(*names: str) -> Kinds:
    return Kinds(
        {CUSTOM_METRICS: frozenset(f"pods/{name}" for name in names), "metrics.k8s.io/v1beta1": frozenset(["pods"])}
    )


CASES: dict[str, tuple[Kinds, str | None, bool, How, Lack | None]] = {
    "KEDA with Prometheus": (Kinds.of(SCALED_OBJECTS, POD_METRICS), PROMETHEUS, True, How.KEDA, None),
    "KEDA that has nobody to ask": (Kinds.of(SCALED_OBJECTS), None, True, How.FIXED, Lack.PROMETHEUS),
    "KEDA that has nobody to ask, on a CPU": (
        Kinds.of(SCALED_OBJECTS, POD_METRICS), None, False, How.CPU, Lack.PROMETHEUS
    ),
    "an adapter": (adapter("vllm:waiting", "vllm:cache"), PROMETHEUS, True, How.METRICS, Lack.KEDA),
    "an adapter of other figures": (adapter("http_requests"), PROMETHEUS, True, How.FIXED, Lack.KEDA),
    "metrics-server and an accelerator": (Kinds.of(POD_METRICS), None, True, How.FIXED, Lack.KEDA),
    "metrics-server and a CPU": (Kinds.of(POD_METRICS), None, False, How.CPU, Lack.KEDA),
    "nothing": (Kinds(), None, False, How.FIXED, Lack.KEDA),
}  # fmt: skip


@pytest.mark.parametrize(("kinds", "prometheus", "accelerated", "how", "lack"), CASES.values(), ids=CASES.keys())
def test_who_scales(kinds: Kinds, prometheus: str | None, accelerated: bool, how: How, lack: Lack | None) -> None:
    decided = autoscale(BOTH, VLLM, kinds, prometheus, accelerated=accelerated)
    assert (decided.how, decided.lack, decided.owns_replicas) == (how, lack, how is not How.FIXED)


def test_groups_are_scaled_as_leader_worker_sets_alone() -> None:
    without, both = Kinds.of(SCALED_OBJECTS), Kinds.of(SCALED_OBJECTS, LEADER_WORKER_SETS)
    refused = autoscale(BOTH, VLLM, without, PROMETHEUS, accelerated=True, grouped=True)
    assert (refused.how, refused.lack) == (How.FIXED, Lack.LEADER_WORKER_SET)
    assert autoscale(BOTH, VLLM, both, PROMETHEUS, accelerated=True, grouped=True).how is How.KEDA


def test_an_adapters_figures_are_found_under_the_name_that_prometheus_would_take() -> None:
    decided = autoscale(BOTH, VLLM, adapter("vllm_waiting", "vllm:cache"), None, accelerated=True)
    assert decided.metrics == (("vllm_waiting", "4"), ("vllm:cache", "0.8"))


def test_of_the_figures_that_are_wanted_those_count_that_are_there() -> None:
    assert autoscale(BOTH, VLLM, adapter("vllm:cache"), None, accelerated=True).metrics == (("vllm:cache", "0.8"),)


@pytest.mark.parametrize(("asked", "pods"), [(0, 2), (1, 2), (3, 3), (9, 8)])
def test_a_fixed_number_keeps_within_the_bounds(asked: int, pods: int) -> None:
    assert fixed(Demand(2, 8), asked) == pods
