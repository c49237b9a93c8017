"""The configuration files of the node's components, rendered from the layout: plain data in, text out."""

import json
from pathlib import Path

from hack.cluster.node.layout import (
    CNI_PLUGINS,
    CONTAINERD_SOCKET,
    DNS_IP,
    NODE_IP,
    NODE_NAME,
    PAUSE_IMAGE,
    POD_RANGE,
    Layout,
)


def write_all(node: Layout) -> None:
    """Write every configuration file into the layout's folder."""
    for name, text in render(node).items():
        path = node.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def render(node: Layout) -> dict[str, str]:
    """Return file name -> content; JSON wherever the reader accepts YAML."""
    return {
        "cni/10-kefu.conflist": json.dumps(_cni(), indent=1),
        "containerd.toml": _containerd(node.root, node.config),
        "kubelet.json": json.dumps(_kubelet(node), indent=1),
        "kube-proxy.json": json.dumps(_kube_proxy(node), indent=1),
        "Corefile": _corefile(node),
        "resolv.conf": "nameserver 127.0.0.1\n",
    }


def _cni() -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "kefu", "plugins": [bridge, ports]}


def _containerd(root: Path, config: Path) -> str:
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE a sandbox may not lower its score, and would not start.
    return f"""\
version = 2
root = "{root}/containerd"
state = "/run/containerd"
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{config}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def _kubelet(node: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,  # else it refuses machines that still run cgroup v1
        "cgroupDriver": "cgroupfs",
        "oomScoreAdj": 0,  # lowering it needs CAP_SYS_RESOURCE
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDNS": [DNS_IP],
        "clusterDomain": "cluster.local",
        "resolvConf": str(node.config / "resolv.conf"),
        "failSwapOn": False,
        "maxPods": 200,
        "podLogsDir": str(node.root / "pod-logs"),
        "volumePluginDir": str(node.root / "kubelet" / "volume-plugins"),
        # Images come from archives, not from a registry: one that is collected cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "0%",
        },
        "authentication": {
            "anonymous": {"enabled": False},
            "x509": {"clientCAFile": str(node.pki / "ca.crt")},
            "webhook": {"enabled": True},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(node.pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(node.pki / "kubelet.key"),
    }


def _kube_proxy(node: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "oomScoreAdj": 0,
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE_NAME,
        "clientConnection": {"kubeconfig": str(node.kubeconfig("kube-proxy"))},
        # These would write limits of the whole machine.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _corefile(node: Layout) -> str:
    return f"""\
.:53 {{
  bind {NODE_IP}
  errors
  kubernetes cluster.local in-addr.arpa ip6.arpa {{
    kubeconfig {node.kubeconfig("coredns")} kefu
    pods verified
    ttl 5
  }}
  cache 5
}}
"""
