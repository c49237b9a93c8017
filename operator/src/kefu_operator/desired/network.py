"""What an installation decides about the network: who may come from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Peer = Mapping[str, Any]
"""A NetworkPolicyPeer: podSelector, namespaceSelector or ipBlock."""

EVERY_POD: Peer = {"namespaceSelector": {}}
SYSTEM: Peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}


@dataclass(frozen=True)
class Network:
    """Settings of the NetworkPolicies that the operator makes."""

    enabled: bool = True
    """False: none is made, and those that were are deleted."""
    customers: tuple[Peer, ...] = ()
    """Who may call gateways; empty: whoever can reach them."""
    pushers: tuple[Peer, ...] = ()
    """Who may call push services, which ask for a signature; empty: whoever can reach them."""
    scrapers: tuple[Peer, ...] = ()
    """Who may read metrics: of gateways and retrieval services, and of engines, which show them where they answer. Empty: of the
    first two every pod of the cluster, of engines nobody."""
    prometheus: str | None = None
    """Namespace of the Prometheus that the installation names: it may read them in any case, those of engines too."""
    api_server: tuple[Peer, ...] = (SYSTEM,)
    """From where the API server's proxy comes, by which `kefu search` and `kefu knowledge` ask retrieval services."""

    def readers(self) -> tuple[Peer, ...]:
        """Who may read metrics, as far as that is said."""
        if self.prometheus is None:
            return self.scrapers
        named: Peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.prometheus}}}
        return (*self.scrapers, named)


AS_IT_COMES = Network()
