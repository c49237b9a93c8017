"""The Milvus operator's own manifests."""

from pathlib import Path

from hack.cluster import gomodule


def crds() -> list[Path]:
    """The files of its CustomResourceDefinitions.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.crds("milvus", "github.com/zilliztech/milvus-operator")
