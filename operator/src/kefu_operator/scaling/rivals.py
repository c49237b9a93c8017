"""Scalers that somebody else has put on an engine: Kefu stands back from its `replicas`, and fights nobody.

They are looked for only when there is a sign of one, since it would take a list of all HorizontalPodAutoscalers each time.
"""

from collections.abc import Iterable

from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.resources import STATEFUL_SETS, Resource
from kefu_operator.scaling.handover import is_scaler
from kefu_operator.settled import owned_fields


def may_have_rival(
    name: str, runner: tuple[Resource, str], replicas: int, live: Iterable[Object], *, scaled: bool
) -> bool:
    """Whether somebody else may scale the engine.

    Args:
        name: of the engine.
        runner: kind and name of what runs its pods.
        replicas: that it is to have, where nobody scales it.
        live: everything that is labelled as the engine's.
        scaled: whether it is to have a scaler of ours.
    """
    found = list(live)
    if scaled:
        # Once it is there, a second one is its own maker's mistake.
        return not any(is_scaler(each) and each["metadata"]["name"] == name for each in found)
    resource, called = runner
    engine = next((each for each in found if (each["kind"], each["metadata"]["name"]) == (resource.kind, called)), None)
    if engine is None or resource is STATEFUL_SETS:
        # The number of leaders that have workers is ours alone.
        return False
    fields = owned_fields(engine, naming.MANAGER) or {}
    return engine["spec"].get("replicas") != replicas or "f:replicas" not in fields.get("f:spec", {})


def rival(runner: tuple[Resource, str], autoscalers: Iterable[Object]) -> str:
    """Name of the HorizontalPodAutoscaler of somebody else that scales what runs an engine; empty where there is none."""
    return next((each["metadata"]["name"] for each in autoscalers if _targets(each, runner) and not _ours(each)), "")


def _targets(found: Object, runner: tuple[Resource, str]) -> bool:
    target = found["spec"]["scaleTargetRef"]
    return (target.get("kind"), target.get("name")) == (runner[0].kind, runner[1])


def _ours(found: Object) -> bool:
    """KEDA's, made for a ScaledObject of ours, have its label too."""
    return naming.ENGINE in (found["metadata"].get("labels") or {})
