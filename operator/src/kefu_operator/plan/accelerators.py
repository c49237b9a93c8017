"""The accelerator table: from a class named in a spec to what a pod must ask for."""

from kefu_api.kinds.engine import Accelerator
from kefu_operator.plan.errors import UnknownAccelerator
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings


def accelerator_class(wanted: Accelerator | None, settings: PlanSettings) -> AcceleratorClass | None:
    """The class that a spec names; None where it asks for none.

    Raises:
        UnknownAccelerator: the table has no such class; the message lists those it has.
    """
    if wanted is None:
        return None
    known = settings.accelerators.get(wanted.class_)
    if known is None:
        names = ", ".join(sorted(settings.accelerators)) or "none"
        raise UnknownAccelerator(
            f"spec.engine.accelerator.class: {wanted.class_!r} is not in the operator's table (it has: {names}); "
            "choose one of these, or add the class to the chart value `accelerators`"
        )
    return known
