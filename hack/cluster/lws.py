"""LeaderWorkerSet's own manifests."""

from pathlib import Path

from hack.cluster import gomodule

_MODULE = "sigs.k8s.io/lws"


def crds() -> list[Path]:
    """The files of its CustomResourceDefinitions.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.crds("lws", _MODULE)


def webhooks() -> Path:
    """The file of its webhooks' configurations, which name a Service `webhook-service`.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.sources("lws", _MODULE) / "config" / "webhook" / "manifests.yaml"
