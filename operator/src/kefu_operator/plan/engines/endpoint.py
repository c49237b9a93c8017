"""Servers that somebody else runs: nothing to start, only keys to mount."""

from kefu_api import digest
from kefu_api.documents.release import EngineServer, EngineTarget
from kefu_api.kinds.endpoint import EndpointEngine, EndpointServer
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import SecretMount


def plan_endpoint(gateway: str, options: EndpointEngine, placement: Placement) -> EnginePlan:
    """Plan the use of an endpoint, and of those that stand in for it, by the gateway workload named `gateway`."""
    servers = [(server, _key(gateway, server, placement)) for server in (options, *options.fallbacks)]
    first, *others = (_server(server, key) for server, key in servers)
    target = EngineTarget(**dict(first), fallbacks=tuple(others))
    mounts = dict.fromkeys(key for _, key in servers if key)
    return EnginePlan(target, workload=None, gateway_mounts=tuple(mounts))


def _key(gateway: str, server: EndpointServer, placement: Placement) -> SecretMount | None:
    secret = server.api_key_secret
    if secret is None:
        return None
    # Named by what it holds, for a gateway may serve two releases whose keys are not the same.
    role = f"engine-key-{digest.of_value([secret.name, secret.key])[:8]}"
    return SecretMount(role, placement.path(gateway, role), secret.name, secret.key)


def _server(server: EndpointServer, key: SecretMount | None) -> EngineServer:
    return EngineServer(
        url=server.url,
        model=server.model,
        api_key_file=f"{key.path}/{key.key}" if key else None,
        azure_api_version=server.azure.api_version if server.azure else None,
    )
