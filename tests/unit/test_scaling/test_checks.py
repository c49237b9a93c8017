"""What ScalingActive and GatewayScalingActive say."""

import pytest

from kefu_operator.kinds import Kinds
from kefu_operator.plan.demand import Demand
from kefu_operator.plan.scaler import Autoscaling, How, Lack
from kefu_operator.plan.workload import Scaling
from kefu_operator.resources import POD_METRICS, SCALED_OBJECTS
from kefu_operator.status.check import Verdict
from kefu_operator.status.scaling_checks import check_gateway_scaling, check_scaling, is_asleep
from tests.unit.test_scaling.objects import NAME, Object, autoscaler, deployment, scaled_object

KEDA = Autoscaling(How.KEDA, Demand(1, 8, 4, None, 60))

CASES: dict[str, tuple[Autoscaling, Object | None, Verdict, str, str]] = {
    "KEDA scales": (KEDA, scaled_object(conditions={"Ready": "True"}), Verdict.OK, "ScaledByKeda", "to zero, and from 1 to 8"),
    "KEDA has not looked yet": (KEDA, scaled_object(), Verdict.OK, "ScaledByKeda", "from 1 to 8 pods"),
    "KEDA cannot": (KEDA, scaled_object(conditions={"Ready": "False"}), Verdict.FAIL, "ScalerFailing", "R: m"),
    "KEDA is told nothing": (
        KEDA, scaled_object(conditions={"Ready": "True", "Fallback": "True"}), Verdict.FAIL, "ScalerFailing", "Prometheus",
    ),
    "the scaler is not there yet": (KEDA, None, Verdict.WAIT, "Creating", "being made"),
    "the former scaler is still there": (KEDA, autoscaler(), Verdict.WAIT, "Creating", "being made"),
    "an autoscaler stands in": (
        Autoscaling(How.CPU, Demand(1, 8, 4), lack=Lack.KEDA), autoscaler(), Verdict.OK, "ScaledByHpa",
        "from 1 to 8 pods by CPU, because KEDA is not installed",
    ),
    "an autoscaler stands in and cannot go to zero": (
        Autoscaling(How.METRICS, Demand(1, 8, 4, None, 60), lack=Lack.PROMETHEUS), autoscaler(), Verdict.OK, "ScaledByHpa",
        "prometheus.url), and it never goes to zero",
    ),
    "nothing scales": (
        Autoscaling(How.FIXED, Demand(1, 8, 4), lack=Lack.KEDA), None, Verdict.FAIL, "KedaNotInstalled", "which has 3 pods",
    ),
    "KEDA has nobody to ask": (
        Autoscaling(How.FIXED, Demand(1, 8, 4), lack=Lack.PROMETHEUS), None, Verdict.FAIL, "PrometheusNotNamed",
        "chart value prometheus.url",
    ),
    "groups cannot be scaled": (
        Autoscaling(How.FIXED, Demand(1, 8, 4), lack=Lack.LEADER_WORKER_SET), None, Verdict.FAIL,
        "LeaderWorkerSetNotInstalled", "which has 3 groups of pods",
    ),
    "somebody else scales": (
        Autoscaling(How.RIVAL, Demand(1, 8, 4), rival="mine"), None, Verdict.FAIL, "ScaledByOthers",
        "HorizontalPodAutoscaler mine",
    ),
    "one makes way for another": (Autoscaling(How.CHANGING), autoscaler(), Verdict.WAIT, "Creating", "being made"),
}  # fmt: skip


@pytest.mark.parametrize(("decided", "scaler", "verdict", "reason", "says"), CASES.values(), ids=CASES.keys())
def test_scaling_active(decided: Autoscaling, scaler: Object | None, verdict: Verdict, reason: str, says: str) -> None:
    check = check_scaling(NAME, decided, scaler, deployment(3))
    assert (check.verdict, check.reason) == (verdict, reason)
    assert says in check.message


GATEWAYS: dict[str, tuple[Scaling, Object | None, Kinds, tuple[Verdict, str, str] | None]] = {
    "there are no figures": (
        Scaling(2, 20, 70), autoscaler(), Kinds(), (Verdict.FAIL, "MetricsServerNotInstalled", "2 or more, of up to 20"),
    ),
    "there are figures of others": (
        Scaling(2, 20, 70), autoscaler(), Kinds.of(SCALED_OBJECTS), (Verdict.FAIL, "MetricsServerNotInstalled", "metrics-server"),
    ),
    "it is scaled": (
        Scaling(2, 20, 70), autoscaler(), Kinds.of(POD_METRICS), (Verdict.OK, "ScaledByHpa", "from 2 to 20 pods"),
    ),
    "the scaler is not there yet": (
        Scaling(2, 20, 70), None, Kinds.of(POD_METRICS), (Verdict.WAIT, "Creating", "being made"),
    ),
    "its number is fixed": (Scaling(2, 2, 70), autoscaler(), Kinds(), None),
}  # fmt: skip


@pytest.mark.parametrize(("bounds", "scaler", "kinds", "told"), GATEWAYS.values(), ids=GATEWAYS.keys())
def test_gateway_scaling_active(
    bounds: Scaling, scaler: Object | None, kinds: Kinds, told: tuple[Verdict, str, str] | None
) -> None:
    check = check_gateway_scaling(bounds, scaler, kinds)
    assert (check is None) == (told is None)
    if check and told:
        assert (check.verdict, check.reason) == told[:2]
        assert told[2] in check.message


def test_an_engine_sleeps_only_where_keda_may_have_put_it_to_sleep() -> None:
    assert is_asleep(deployment(0), scaled_object())
    assert not is_asleep(deployment(1), scaled_object())
    assert not is_asleep(deployment(0), autoscaler())
    assert not is_asleep(deployment(0), None)
    never = scaled_object()
    del never["spec"]["idleReplicaCount"]
    assert not is_asleep(deployment(0), never)
