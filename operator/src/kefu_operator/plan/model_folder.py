"""A model folder that an index brings along: where a workload reads it, and what has to be mounted for that."""

from pathlib import PurePosixPath

from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import ClaimMount, Mount


def model_folder(uri: str, role: str, workload: str, placement: Placement) -> tuple[str, tuple[Mount, ...]]:
    """Path of the folder that `uri` (file:// or pvc://) names, as `workload` sees it; `role` names its volume."""
    scheme, _, rest = uri.partition("://")
    if scheme == "file":
        return rest, ()
    claim, _, inside = rest.partition("/")
    mount = ClaimMount(role, placement.path(workload, role), claim)
    return str(PurePosixPath(mount.path) / inside), (mount,)
