"""Bringing the Milvus operator onto the cluster by its own chart, with images that are built here."""

from hack.cluster import milvus
from hack.stack.install import Stack

NAMESPACE = "milvus-operator"
IMAGES = ("milvus-operator", "milvus-stores")
"""Images of hack/images: the Milvus operator, and what the etcd and the MinIO of its charts run."""


def install(stack: Stack) -> None:
    """Load the images and install the chart, which brings the kind Milvus.

    Raises:
        ClusterError: with what Helm or the build said.
    """
    reference = stack.load(*IMAGES)["milvus-operator"]
    repository, _, tag = reference.rpartition(":")
    words = ["upgrade", "--install", "milvus-operator", str(milvus.sources() / "charts" / "milvus-operator")]
    words += ["--namespace", NAMESPACE, "--create-namespace"]
    words += ["--set", f"image.repository={repository}", "--set-string", f"image.tag={tag}"]
    stack.kube.run("helm", *words, "--wait", "--timeout", "3m", timeout=240)


def remove(stack: Stack) -> None:
    """Uninstall the chart; the kind goes with it."""
    stack.kube.run("helm", "uninstall", "milvus-operator", "--namespace", NAMESPACE, "--wait", timeout=120)
