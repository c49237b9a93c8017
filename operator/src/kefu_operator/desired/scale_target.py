"""What a scaler of an engine scales."""

from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Workload
from kefu_operator.resources import runner_of


def scale_target(workload: Workload) -> Object:
    """The `scaleTargetRef`: the workload's Deployment, or the LeaderWorkerSet of its groups."""
    resource, name = runner_of(workload)
    return {"apiVersion": resource.api_version, "kind": resource.kind, "name": name}
