"""The processes of a node and their command lines, in the order in which they start."""

import sys
from dataclasses import dataclass
from pathlib import Path

from hack.cluster import audit
from hack.cluster.cache import binaries
from hack.cluster.node.layout import API_URL, NODE_IP, NODE_NAME, SERVICE_RANGE, Layout

_ETCD_URL = "http://127.0.0.1:2379"
_PEER_URL = "http://127.0.0.1:2380"
_KEDA_FIGURES = 9666
"""Port at which KEDA's adapter asks its operator."""


@dataclass(frozen=True)
class Component:
    """One process: its name is also the name of its log."""

    name: str
    command: list[str]


def runtime(node: Layout) -> list[Component]:
    """What images are imported into: it comes from a package, and need not wait for what is compiled."""
    return [Component("containerd", ["containerd", "-c", _file(node, "containerd.toml")])]


def foundation(node: Layout) -> list[Component]:
    """What must answer before the rest can start: the store and the API server."""
    return [_etcd(node), _api_server(node)]


def remainder(node: Layout, extras: list[str]) -> list[Component]:
    """The controllers, the node's own agents, and the optional components that were asked for."""
    return [
        _controller_manager(node),
        _scheduler(node),
        Component("kubelet", [
            _program("kubelet"), f"--config={_file(node, 'kubelet.json')}", f"--kubeconfig={node.kubeconfig('kubelet')}",
            f"--root-dir={node.root / 'kubelet'}", f"--node-ip={NODE_IP}", f"--hostname-override={NODE_NAME}",
        ]),
        Component("kube-proxy", [_program("kube-proxy"), f"--config={_file(node, 'kube-proxy.json')}"]),
        Component("coredns", [_program("coredns"), "-conf", _file(node, "Corefile")]),
        Component("volumes", [sys.executable, "-m", "hack.cluster.node.volumes"]),
        *([_metrics_server(node)] if "metrics-server" in extras else []),
        *(_keda(node) if "keda" in extras else []),
    ]  # fmt: skip


def _etcd(node: Layout) -> Component:
    return Component("etcd", [
        _program("etcd"), f"--data-dir={node.root / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
        f"--listen-client-urls={_ETCD_URL}", f"--advertise-client-urls={_ETCD_URL}",
        f"--listen-peer-urls={_PEER_URL}", f"--initial-advertise-peer-urls={_PEER_URL}",
        f"--initial-cluster=default={_PEER_URL}",
    ])  # fmt: skip


def _api_server(node: Layout) -> Component:
    pki = node.pki
    return Component("kube-apiserver", [
        _program("kube-apiserver"), f"--etcd-servers={_ETCD_URL}", "--bind-address=0.0.0.0", "--secure-port=6443",
        f"--advertise-address={NODE_IP}", f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key", f"--client-ca-file={pki}/ca.crt",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged",
        f"--service-account-key-file={pki}/sa.key", f"--service-account-signing-key-file={pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-cluster-ip-range={SERVICE_RANGE}", "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={pki}/ca.crt", f"--kubelet-client-certificate={pki}/admin.crt",
        f"--kubelet-client-key={pki}/admin.key", f"--requestheader-client-ca-file={pki}/ca.crt",
        "--requestheader-allowed-names=front-proxy", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy.crt", f"--proxy-client-key-file={pki}/front-proxy.key",
        # Aggregated APIs are served beside the API server, where their Service's address does not lead.
        "--enable-aggregator-routing=true", *audit.flags(Path(_file(node, "audit-policy.json")), node.audit_log),
    ])  # fmt: skip


def _controller_manager(node: Layout) -> Component:
    config = node.kubeconfig("kube-controller-manager")
    return Component("kube-controller-manager", [
        _program("kube-controller-manager"), f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--leader-elect=false", "--use-service-account-credentials",
        f"--root-ca-file={node.pki}/ca.crt", f"--service-account-private-key-file={node.pki}/sa.key",
        f"--cluster-signing-cert-file={node.pki}/ca.crt", f"--cluster-signing-key-file={node.pki}/ca.key",
        "--allocate-node-cidrs=false",
        # Shorter than the defaults of 15 s and 5 min: people and tests wait for these.
        "--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-downscale-stabilization=30s",
    ])  # fmt: skip


def _scheduler(node: Layout) -> Component:
    config = node.kubeconfig("kube-scheduler")
    return Component("kube-scheduler", [
        _program("kube-scheduler"), f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--leader-elect=false",
    ])  # fmt: skip


def _metrics_server(node: Layout) -> Component:
    config = node.kubeconfig("metrics-server")
    return Component("metrics-server", [
        _program("metrics-server"), f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", f"--tls-cert-file={node.pki}/metrics-server.crt",
        f"--tls-private-key-file={node.pki}/metrics-server.key", "--secure-port=4443",
        f"--kubelet-certificate-authority={node.pki}/ca.crt", "--kubelet-preferred-address-types=InternalIP",
        # The resolution must exceed the kubelet's time-out.
        "--metric-resolution=10s", "--kubelet-request-timeout=5s",
    ])  # fmt: skip


def _keda(node: Layout) -> list[Component]:
    """Outside of pods: nobody patches webhooks and services, and certificates come from a folder."""
    config, certificates = node.kubeconfig("keda"), node.keda_certificates
    environment = [
        "env",
        f"KUBECONFIG={config}",
        "POD_NAMESPACE=kube-system",
        "KEDA_CLUSTER_OBJECT_NAMESPACE=kube-system",
        "WATCH_NAMESPACE=",
    ]
    return [
        Component("keda-operator", [
            *environment, _program("keda-operator"), f"--cert-dir={certificates}", "--enable-cert-rotation=false",
            "--enable-webhook-patching=false", "--enable-apiservice-patching=false", "--metrics-bind-address=127.0.0.1:8180",
            "--health-probe-bind-address=127.0.0.1:8181", f"--metrics-service-bind-address=127.0.0.1:{_KEDA_FIGURES}",
        ]),
        Component("keda-adapter", [
            *environment, _program("keda-adapter"), f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}", f"--lister-kubeconfig={config}", f"--cert-dir={certificates}",
            f"--tls-cert-file={certificates}/tls.crt", f"--tls-private-key-file={certificates}/tls.key",
            "--secure-port=6444", "--port=8182", f"--metrics-service-address=localhost:{_KEDA_FIGURES}",
        ]),
    ]  # fmt: skip


def _program(name: str) -> str:
    return str(binaries() / name)


def _file(node: Layout, name: str) -> str:
    return str(node.config / name)


READY_URL = f"{API_URL}/readyz"
