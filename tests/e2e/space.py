"""Namespaces of the tests' own, and what watches them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from hack.cluster.cli import environment
from hack.prometheus import annotated_pods, prometheus
from hack.stack.install import Stack
from hack.stack.kube import Kube


def restricted(kube: Kube, name: str) -> AbstractContextManager[None]:
    """A fresh namespace under the strictest Pod Security level, discarded in the end."""
    return space(kube, name, "restricted")


@contextmanager
def space(kube: Kube, name: str, level: str) -> Iterator[None]:
    """A fresh namespace under a Pod Security level, discarded in the end."""
    kube.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=true", timeout=180)
    labels = {"pod-security.kubernetes.io/enforce": level}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    kube.apply(space, namespace="default")
    try:
        yield
    finally:
        discard(kube, name)


def discard(kube: Kube, name: str) -> None:
    """Tell a namespace to go and end its pods at once: a gateway may take as long as its budget, and nobody needs it to."""
    kube.kubectl("delete", "namespace", name, "--wait=false")
    kube.kubectl("delete", "pods", "--all", "-n", name, "--force", "--grace-period=0", "--wait=false")


@contextmanager
def watched(stack: Stack, name: str, folder: Path) -> Iterator[str]:
    """The URL of a Prometheus that scrapes the namespace's pods, and that the operator asks until the end."""
    variables = environment(stack.provider.environment())
    with (
        annotated_pods(folder, Path(variables["KUBECONFIG"]), [name]) as scrape,
        prometheus(folder, [scrape], host=variables["KEFU_HOST_IP"]) as url,
    ):
        stack.change(f"prometheus.url={url}")
        try:
            yield url
        finally:
            stack.change("prometheus.url=")
