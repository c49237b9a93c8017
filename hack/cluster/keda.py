"""KEDA's own manifests."""

from pathlib import Path

from hack.cluster import gomodule


def crds() -> list[Path]:
    """The files of KEDA's CustomResourceDefinitions.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.crds("keda", "github.com/kedacore/keda/v2")
