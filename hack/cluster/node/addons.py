"""Objects that make the bare API server a usable cluster: DNS, the default storage class, optional metrics."""

from typing import Any

from hack.cluster.node.layout import DNS_IP, NODE_IP
from hack.cluster.node.volumes import storage_class

Object = dict[str, Any]


def objects(extras: list[str]) -> list[Object]:
    """Return what to apply once the API server answers."""
    return [storage_class(), *_dns(), *(made for name in extras for made in _AGGREGATED[name]())]


def _dns() -> list[Object]:
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    return [_service("kube-dns", ports, cluster_ip=DNS_IP), _endpoints("kube-dns", ports)]


def _metrics() -> list[Object]:
    return _aggregated("metrics-server", "metrics.k8s.io", 4443)


def _keda() -> list[Object]:
    return _aggregated("keda-metrics", "external.metrics.k8s.io", 6444)


_AGGREGATED = {"metrics-server": _metrics, "keda": _keda}


def _aggregated(name: str, group: str, port: int) -> list[Object]:
    """A group of the API that a program beside the API server answers for."""
    version = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1beta1.{group}"},
        "spec": {
            "group": group,
            "version": "v1beta1",
            "service": {"name": name, "namespace": "kube-system", "port": 443},
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
        },
    }
    served = {"name": "https", "port": 443, "targetPort": port, "protocol": "TCP"}
    listening = {"name": "https", "port": port, "protocol": "TCP"}
    return [_service(name, [served]), _endpoints(name, [listening]), version]


def _service(name: str, ports: list[Object], cluster_ip: str | None = None) -> Object:
    spec: Object = {"ports": ports} | ({"clusterIP": cluster_ip} if cluster_ip else {})
    metadata = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _endpoints(name: str, ports: list[Object]) -> Object:
    # The program runs beside the API server, not in a pod: no selector could find it.
    labels = {"kubernetes.io/service-name": name}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-node", "namespace": "kube-system", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_IP], "conditions": {"ready": True}}],
        "ports": ports,
    }
