"""NetworkPolicies: of each workload, who may call it and whom it may call; whatever is not said is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from kefu_operator import naming
from kefu_operator.desired.metadata import Scope, instance, metadata, selector
from kefu_operator.desired.network import EVERY_POD, Network, Peer
from kefu_operator.desired.types import Object
from kefu_operator.plan.reach import Access, Outside, Reach
from kefu_operator.plan.workload import Port, Workload

PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)
PRIVATE_6 = ("::1/128", "fc00::/7", "fe80::/10")
"""As `kefu_retrieval.places.addresses` refuses them where a place is not `private`."""
LINK_LOCAL, LINK_LOCAL_6 = "169.254.0.0/16", "fe80::/10"
"""Where clouds tell machines their secrets."""
DNS_PORTS = (53, 5353)
"""The second is where OpenShift's DNS pods listen; a policy sees the port of the pod, not that of its Service."""
USUAL_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}


def _block(cidr: str, without: Sequence[str] = ()) -> Object:
    return {"ipBlock": {"cidr": cidr, "except": list(without)} if without else {"cidr": cidr}}


ANYWHERE = [_block("0.0.0.0/0", (LINK_LOCAL,)), _block("::/0", (LINK_LOCAL_6,))]


def workload_policy(workload: Workload, scope: Scope, network: Network) -> Object:
    """The policy of a workload's pods."""
    rules = [rule for port in workload.container.ports if (rule := _admitted(workload, port, network))]
    meta = metadata(scope, workload.name, workload.component)
    if workload.group is None:
        return _policy(meta, selector(workload.name, workload.component), rules, workload.reach)
    # The parts of a server talk to one another over ports of chance.
    every = instance(workload.name)
    reach = replace(workload.reach, uses=(workload.name, *workload.reach.uses))
    return _policy(meta, every, [*rules, {"from": [{"podSelector": {"matchLabels": every}}]}], reach)


def tasks_policy(name: str, component: str, reach: Reach, scope: Scope) -> Object:
    """One policy for the pods of all of an owner's tasks of a component: nobody calls them."""
    pods = {"app.kubernetes.io/name": f"kefu-{component}", **scope.labels}
    return _policy(metadata(scope, name, component), pods, [], reach)


def _policy(meta: Object, pods: dict[str, str], rules: Sequence[Object], reach: Reach) -> Object:
    spec: Object = {"podSelector": {"matchLabels": pods}, "policyTypes": ["Ingress", "Egress"]}
    # The API server forgets empty lists; a type without a rule refuses everything.
    if rules:
        spec["ingress"] = list(rules)
    if egress := _egress(reach):
        spec["egress"] = egress
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def _admitted(workload: Workload, port: Port, network: Network) -> Object | None:
    """Who may call a port."""
    access = workload.access.get(port.name, Access.CALLERS)
    callers: Peer = {"podSelector": {"matchLabels": {naming.uses(workload.name): "true"}}}
    peers: Iterable[Peer] = {
        Access.CUSTOMERS: network.customers,
        Access.PUSHERS: network.pushers,
        Access.SCRAPERS: network.readers() if network.scrapers else (EVERY_POD,),
        Access.CALLERS: (callers,),
        Access.CALLERS_OPERATORS_AND_SCRAPERS: (callers, *network.api_server, *network.readers()),
        Access.CALLERS_AND_OPERATORS: (callers, *network.api_server),
    }[access]
    rule: Object = {"ports": [{"port": port.name, "protocol": "TCP"}]}
    listed = [dict(peer) for peer in peers]
    return {"from": listed, **rule} if listed else rule


def _egress(reach: Reach) -> list[Object]:
    rules: list[Object] = [
        {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": name}}}]} for name in reach.uses
    ]
    rules += [rule for url in dict.fromkeys(reach.urls) for rule in _towards(url)]
    if reach.outside is Outside.PUBLIC:
        rules.append({"to": [_block("0.0.0.0/0", PRIVATE), _block("::/0", PRIVATE_6)]})
    if reach.outside is Outside.ANYTHING:
        rules.append({"to": [dict(EVERY_POD), *ANYWHERE]})
    if rules:
        rules.append({"ports": [{"port": port, "protocol": kind} for port in DNS_PORTS for kind in ("UDP", "TCP")]})
    return rules


def _towards(url: str) -> list[Object]:
    """To a server by its address. A Service's number need not be its pods', so a namespace is opened as a whole."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    ports = [{"port": parts.port or USUAL_PORTS.get(parts.scheme, 443), "protocol": "TCP"}]
    try:
        address = ip_address(host)
    except ValueError:
        pass
    else:
        return [{"to": [_block(f"{address}/{address.max_prefixlen}")], "ports": ports}]
    labels = host.split(".")
    anywhere: Object = {"to": ANYWHERE, "ports": ports}
    if len(labels) == 1:
        return [{"to": [{"podSelector": {}}]}]
    namespace: Object = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": labels[1]}}}],
    }
    if "svc" in labels[2:3]:
        return [namespace]
    # `milvus.milvus` is a Service of another namespace, and `example.com` is not; only the cluster's DNS knows.
    return [namespace, anywhere] if len(labels) == 2 else [anywhere]
