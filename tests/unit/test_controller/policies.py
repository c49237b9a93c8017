"""A small judge of NetworkPolicies, as networking.k8s.io/v1 has them: who may open a connection to whom.

The node of the tests accepts policies and does not enforce them, so what is rendered is judged here. Rules:
https://kubernetes.io/docs/concepts/services-networking/network-policies/ . A connection needs leave at both ends; a pod that no
policy selects is free in that direction; what any policy of a pod allows is allowed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class End:
    """A pod, or with an empty namespace an address outside the cluster."""

    name: str
    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    """Named ports of its containers."""


class Judge:
    """Knows the policies and the namespaces of a cluster."""

    def __init__(self, policies: Iterable[Object], namespaces: Iterable[str]) -> None:
        self._policies = tuple(policies)
        self._labels = {name: {"kubernetes.io/metadata.name": name} for name in namespaces}

    def allows(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether `source` may open a connection to that port."""
        leaves = self._directions(source, "Egress")
        enters = self._directions(target, "Ingress")
        return all(
            any(self._rule(rule, policy, target if way == "to" else source, target, (port, protocol), way)
                for policy, rules in found for rule in rules)
            for way, found in (("to", leaves), ("from", enters)) if found
        )  # fmt: skip

    def _directions(self, pod: End, kind: str) -> list[tuple[Object, list[Object]]]:
        """The policies that bind a pod in one direction, with their rules."""
        return [
            (policy, policy["spec"].get(kind.lower(), []))
            for policy in self._policies
            if pod.namespace == policy["metadata"]["namespace"]
            and kind in policy["spec"]["policyTypes"]
            and _matches(policy["spec"]["podSelector"], pod.labels)
        ]

    def _rule(self, rule: Object, policy: Object, peer: End, target: End, port: tuple[int, str], way: str) -> bool:
        peers, ports = rule.get(way), rule.get("ports")
        return (not peers or any(self._peer(each, policy, peer) for each in peers)) and (
            not ports or any(_port(each, target, port) for each in ports)
        )

    def _peer(self, peer: Object, policy: Object, end: End) -> bool:
        if "ipBlock" in peer:
            block, address = peer["ipBlock"], ip_address(end.address)
            return _within(address, block["cidr"]) and not any(
                _within(address, each) for each in block.get("except", ())
            )
        if not end.namespace:
            return False
        if "namespaceSelector" in peer:
            space = _matches(peer["namespaceSelector"], self._labels[end.namespace])
        else:
            space = end.namespace == policy["metadata"]["namespace"]
        return space and _matches(peer.get("podSelector", {}), end.labels)


def pods_of(objects: Iterable[Object]) -> Iterator[End]:
    """A pod of each workload and each Job."""
    for number, found in enumerate(found for found in objects if found["kind"] in ("Deployment", "StatefulSet", "Job")):
        template, meta = found["spec"]["template"], found["metadata"]
        ports = {
            port["name"]: port["containerPort"]
            for container in template["spec"]["containers"]
            for port in container.get("ports", ())
        }
        # Each namespace has a range of its own.
        address = f"10.{200 + sum(map(ord, meta['namespace'])) % 50}.0.{number + 1}"
        yield End(meta["name"], address, meta["namespace"], template["metadata"]["labels"], ports)


def _matches(selector: Object, labels: Mapping[str, str]) -> bool:
    assert "matchExpressions" not in selector, "this judge knows matchLabels alone"
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())


def _port(rule: Object, target: End, port: tuple[int, str]) -> bool:
    wanted = rule["port"]
    number = target.ports.get(wanted) if isinstance(wanted, str) else wanted
    return (number, rule.get("protocol", "TCP")) == port


def _within(address: Any, cidr: str) -> bool:
    network = ip_network(cidr)
    return bool(address.version == network.version and address in network)
