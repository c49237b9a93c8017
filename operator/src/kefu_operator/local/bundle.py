"""The user's YAML as typed objects, and when it changed."""

from collections.abc import Sequence
from pathlib import Path

from kefu_api.errors import ManifestError
from kefu_api.manifests import Manifests
from kefu_api.manifests import load as load_manifests
from kefu_operator.local.errors import InputInvalid

_SUFFIXES = {".yaml", ".yml", ".json"}


def load(paths: Sequence[Path]) -> Manifests:
    """Read and check YAML files and folders.

    Raises:
        InputInvalid: they cannot be read, or break the API; the text lists every finding.
    """
    try:
        return load_manifests(paths)
    except ManifestError as error:
        raise InputInvalid(str(error)) from error


def name_of(bundle: Manifests) -> str:
    """What an instance is called: its first chatbot, else its first index.

    Raises:
        InputInvalid: there is neither.
    """
    for metadata in (served.metadata for kind in (bundle.chatbots, bundle.indexes) for served in kind):
        return metadata.name
    raise InputInvalid("there is no KnowledgeIndex and no ChatbotDeployment in these files: nothing to serve")


def signature(paths: Sequence[Path]) -> object:
    """Equal as long as no manifest of these files and folders changed, came or went."""
    return tuple(_stamp(file) for path in paths for file in _files(path))


def _files(path: Path) -> list[Path]:
    try:
        return sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    except OSError:
        return [path]


def _stamp(file: Path) -> object:
    try:
        stat = file.stat()
    except OSError:
        return (file, None)
    return (file, stat.st_mtime_ns, stat.st_size, stat.st_ino)
