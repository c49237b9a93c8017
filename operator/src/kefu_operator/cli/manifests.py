"""Loading YAML for commands: the library's errors as the command line's."""

from collections.abc import Sequence
from pathlib import Path

from kefu_api.errors import ManifestError
from kefu_api.manifests import Manifests, load
from kefu_operator.cli.errors import NotValid


def load_valid(paths: Sequence[Path]) -> Manifests:
    """The typed objects of files and folders.

    Raises:
        NotValid: they cannot be read, or break the API; the text lists the findings.
    """
    try:
        return load(paths)
    except ManifestError as error:
        raise NotValid(str(error)) from error
