"""Specs that cannot be carried out: told as conditions, and nothing that runs is torn down."""

from pydantic import ValidationError

from kefu_operator.plan.errors import PlanError
from kefu_operator.status.check import Check, stuck
from kefu_operator.status.reasons import Reason


def unplanned(error: PlanError) -> Check:
    """This installation cannot run what the spec asks for."""
    return stuck(error.reason, str(error))


def unreadable(error: ValidationError) -> Check:
    """The CRDs let a spec pass that this operator does not understand: they are of different versions."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    message = f"{field}: {first['msg']}; correct it, or let the CRDs and the operator be of one version"
    return stuck(Reason.INVALID_SPEC, message)
