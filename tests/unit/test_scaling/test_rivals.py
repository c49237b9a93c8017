"""Somebody else's scaler is seen when there is a sign of one."""

import pytest

from kefu_operator.resources import DEPLOYMENTS
from kefu_operator.scaling.rivals import may_have_rival, rival
from tests.unit.test_scaling.objects import NAME, Object, autoscaler, deployment, scaled_object

SIGNS: dict[str, tuple[list[Object], bool, bool]] = {
    "the engine is not there yet": ([], False, False),
    "the number is ours and as we wrote it": ([deployment(2)], False, False),
    "the number is another": ([deployment(5)], False, True),
    "the number is somebody else's": ([deployment(2, ours=False)], False, True),
    "our scaler is not there yet": ([deployment(2)], True, True),
    "our scaler is there": ([deployment(5, ours=False), scaled_object()], True, False),
}


@pytest.mark.parametrize(("live", "scaled", "may"), SIGNS.values(), ids=SIGNS.keys())
def test_signs(live: list[Object], scaled: bool, may: bool) -> None:
    assert may_have_rival(NAME, (DEPLOYMENTS, NAME), 2, live, scaled=scaled) is may


RIVALS: dict[str, tuple[Object, str]] = {
    "a user's": (autoscaler("mine", labels={}), "mine"),
    "a user's for another engine": (autoscaler("mine", labels={}, name="engine-other"), ""),
    "a user's for the chatbot": (autoscaler("mine", labels={}, kind="ChatbotDeployment"), ""),
    "ours": (autoscaler(), ""),
    "KEDA's, for our ScaledObject": (autoscaler("keda-hpa", owner="uid-so"), ""),
    "KEDA's, for a user's ScaledObject": (autoscaler("keda-hpa-mine", owner="uid-of-mine", labels={}), "keda-hpa-mine"),
}


@pytest.mark.parametrize(("found", "name"), RIVALS.values(), ids=RIVALS.keys())
def test_rivals(found: Object, name: str) -> None:
    assert rival((DEPLOYMENTS, NAME), [found]) == name
