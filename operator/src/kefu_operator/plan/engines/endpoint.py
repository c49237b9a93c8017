"""An OpenAI-compatible server that somebody else runs: nothing to start, only a key to mount."""

from kefu_api.documents.release import EngineTarget
from kefu_api.kinds.engine import EndpointEngine
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import SecretMount


def plan_endpoint(gateway: str, options: EndpointEngine, placement: Placement) -> EnginePlan:
    """Plan the use of an endpoint by the gateway workload named `gateway`."""
    secret = options.api_key_secret
    if secret is None:
        return EnginePlan(EngineTarget(url=options.url, model=options.model), workload=None)
    mount = SecretMount("engine-key", placement.path(gateway, "engine-key"), secret.name, secret.key)
    target = EngineTarget(url=options.url, model=options.model, api_key_file=f"{mount.path}/{mount.key}")
    return EnginePlan(target, workload=None, gateway_mounts=(mount,))
