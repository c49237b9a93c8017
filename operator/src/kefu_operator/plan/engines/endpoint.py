"""Servers that somebody else runs: nothing to start, only keys to mount."""

from kefu_api.documents.release import EngineServer, EngineTarget
from kefu_api.kinds.endpoint import EndpointEngine, EndpointServer
from kefu_operator.plan.engines.plan import EnginePlan
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import SecretMount


def plan_endpoint(gateway: str, options: EndpointEngine, placement: Placement) -> EnginePlan:
    """Plan the use of an endpoint, and of those that stand in for it, by the gateway workload named `gateway`."""
    named = {"engine-key": options} | {f"engine-key-{place}": each for place, each in enumerate(options.fallbacks)}
    keys = {role: key for role, server in named.items() if (key := _key(role, gateway, server, placement))}
    first, *others = (_server(server, keys.get(role)) for role, server in named.items())
    target = EngineTarget(**dict(first), fallbacks=tuple(others))
    return EnginePlan(target, workload=None, gateway_mounts=tuple(keys.values()))


def _key(role: str, gateway: str, server: EndpointServer, placement: Placement) -> SecretMount | None:
    secret = server.api_key_secret
    return SecretMount(role, placement.path(gateway, role), secret.name, secret.key) if secret else None


def _server(server: EndpointServer, key: SecretMount | None) -> EngineServer:
    return EngineServer(
        url=server.url,
        model=server.model,
        api_key_file=f"{key.path}/{key.key}" if key else None,
        azure_api_version=server.azure.api_version if server.azure else None,
    )
