"""Files of manifests as typed values: what `kefu run` and `kefu render` start from."""

from kefu_api.manifests.bundle import Manifests, assemble, load
from kefu_api.manifests.files import read

__all__ = ["Manifests", "assemble", "load", "read"]
