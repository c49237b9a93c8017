"""The Debian packages of a node."""

from hack.cluster.node.layout import CNI_PLUGINS

# Package -> a file that it brings. runc, not crun: crun refuses cgroup v1 in hybrid mode.
NODE_PACKAGES: dict[str, str] = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": str(CNI_PLUGINS / "bridge"),
    "catatonit": "catatonit",
    "iptables": "iptables",
    "nftables": "nft",
    "iproute2": "ip",
    "openssl": "openssl",
    "util-linux": "nsenter",
}
