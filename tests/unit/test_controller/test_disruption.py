"""Which workloads have a PodDisruptionBudget."""

from dataclasses import replace

import pytest

from kefu_operator.desired.disruption import has_budget
from kefu_operator.plan.demand import Demand
from kefu_operator.plan.group import Group
from kefu_operator.plan.scaler import Autoscaling, How
from kefu_operator.plan.workload import Compute, Container, Scaling, Workload

PROGRAM = Container("engine", "llamaCpp", ("serve",), Compute("1", "1Gi"))
ONE = Workload("engine-a", "engine", PROGRAM)
GROUP = Group(2, PROGRAM, ())


def scaled(how: How, maximum: int | None) -> Workload:
    demand = None if maximum is None else Demand(0, maximum)
    return replace(ONE, autoscaling=Autoscaling(how, demand))


CASES = {
    "one pod": (ONE, False),
    "two pods": (replace(ONE, replicas=2), True),
    "several that a gateway's autoscaler may make": (replace(ONE, scaling=Scaling(1, 3, 60)), True),
    "one with a volume that no two may hold": (replace(ONE, stateful=True), True),
    "several that KEDA may make": (scaled(How.KEDA, 4), True),
    "one that KEDA may let sleep": (scaled(How.KEDA, 1), False),
    "one of several that nobody scales": (scaled(How.FIXED, 4), False),
    "as many as somebody else's autoscaler wants": (scaled(How.RIVAL, None), True),
    "as many as somebody else's autoscaler wants, whatever the spec says": (scaled(How.RIVAL, 1), True),
    "as many as an old scaler has left": (scaled(How.CHANGING, None), True),
    "groups, of which one pod takes the others with it": (replace(ONE, replicas=2, group=GROUP), False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_has_or_may_have_several_pods_has_a_budget(case: str) -> None:
    workload, wanted = CASES[case]
    assert has_budget(workload) is wanted
