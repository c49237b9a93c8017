"""The node's certificates and kubeconfigs: who each component is to the API server."""

from hack.cluster.kubeconfig import write_kubeconfig
from hack.cluster.node.layout import API_IP, API_URL, NODE_IP, NODE_NAME, Layout
from hack.cluster.pki import Authority

_SERVICE = "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
_API_NAMES = f"{_SERVICE},DNS:localhost,IP:127.0.0.1,IP:{NODE_IP},IP:{API_IP}"
_NODE_NAMES = f"DNS:{NODE_NAME},DNS:localhost,DNS:metrics-server.kube-system.svc,IP:{NODE_IP},IP:127.0.0.1"

# Component -> subject. The controllers of Kubernetes get their rights from its own bootstrap bindings.
_USERS = {
    "admin": "/O=system:masters/CN=admin",
    "kubelet": f"/O=system:nodes/CN=system:node:{NODE_NAME}",
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
    "coredns": "/O=system:masters/CN=kefu:coredns",
    "volumes": "/O=system:masters/CN=kefu:volumes",
    "metrics-server": "/O=system:masters/CN=kefu:metrics-server",
    "keda": "/O=system:masters/CN=kefu:keda",
}


def issue_all(node: Layout) -> None:
    """Create what is missing of the node's credentials."""
    authority = Authority(node.pki)
    authority.issue("apiserver", "/CN=kube-apiserver", _API_NAMES)
    authority.issue("front-proxy", "/CN=front-proxy")
    authority.signing_key("sa")
    for name, subject in _USERS.items():
        credentials = authority.issue(name, subject, _NODE_NAMES)
        user = subject.rsplit("/CN=", 1)[1]
        write_kubeconfig(node.kubeconfig(name), API_URL, authority.certificate, credentials, user)
    _as_kubernetes_mounts(node)


def _as_kubernetes_mounts(node: Layout) -> None:
    """KEDA's operator and adapter know one another by a folder with the names of a mounted Secret."""
    node.keda_certificates.mkdir(exist_ok=True)
    for name, file in {"ca.crt": "ca.crt", "tls.crt": "keda.crt", "tls.key": "keda.key"}.items():
        link = node.keda_certificates / name
        if not link.exists():
            link.symlink_to(node.pki / file)
