"""Errors of planning: mistakes in a spec that only this installation can see.

PlanError
└── UnknownAccelerator
└── LocalOnly
"""


class PlanError(Exception):
    """The spec cannot be planned; `reason` becomes the condition's reason, the text its message."""

    reason = "InvalidSpec"


class UnknownAccelerator(PlanError):
    """The accelerator class is not in the operator's table."""

    reason = "UnknownAccelerator"


class LocalOnly(PlanError):
    """The model lies on a local disk, which pods cannot see."""

    reason = "ModelNotReachable"
