"""Errors of planning: mistakes in a spec that only this installation can see.

PlanError
├── UnknownAccelerator
├── EngineDoesNotFit
├── VolumeNotShared
├── LocalOnly
├── ClusterOnly
└── ImageVolumesMissing
"""


class PlanError(Exception):
    """The spec cannot be planned; `reason` becomes the condition's reason, the text its message."""

    reason = "InvalidSpec"


class UnknownAccelerator(PlanError):
    """The accelerator class is not in the operator's table."""

    reason = "UnknownAccelerator"


class EngineDoesNotFit(PlanError):
    """The model, with the context and the settings of the spec, does not fit the accelerators."""

    reason = "EngineDoesNotFit"


class VolumeNotShared(PlanError):
    """Pods of several nodes are to read a volume that one node alone can mount."""

    reason = "VolumeNotShared"


class LocalOnly(PlanError):
    """The model lies on a local disk, which pods cannot see."""

    reason = "ModelNotReachable"


class ClusterOnly(PlanError):
    """The engine is one that a laptop does not run."""

    reason = "ModelNotReachable"


class ImageVolumesMissing(PlanError):
    """The model is an image, which this cluster cannot mount."""

    reason = "ModelNotReachable"
