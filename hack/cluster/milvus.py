"""The Milvus operator's own manifests, chart and scripts."""

from pathlib import Path

from hack.cluster import gomodule

_NAME, _MODULE = "milvus-operator", "github.com/zilliztech/milvus-operator"


def crds() -> list[Path]:
    """The files of its CustomResourceDefinitions.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.crds(_NAME, _MODULE)


def sources() -> Path:
    """The folder of its sources.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    return gomodule.sources(_NAME, _MODULE)
