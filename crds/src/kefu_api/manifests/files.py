"""Finding and reading the files, as `kubectl apply -f` does, with bounds."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from kefu_api.errors import ManifestError
from kefu_api.source import Document, parse
from kefu_api.source.reader import MAX_BYTES

MAX_FILES = 500
"""Most files in one bundle."""

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


def read(paths: Iterable[Path]) -> list[Document]:
    """The objects of these files and folders, in order; of a folder, its own YAML and JSON files by name.

    Raises:
        ManifestError: a path does not exist or cannot be read, a folder holds no manifests, or a file is no YAML.
    """
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    if len(files) > MAX_FILES:
        raise ManifestError(f"{len(files)} files, more than {MAX_FILES}: name fewer")
    return [document for file in files for document in parse(_text(file), str(file))]


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise ManifestError(f"{path}: no such file or folder: correct the path")
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES and file.is_file())
    if not found:
        raise ManifestError(f"{path}: the folder holds no .yaml, .yml or .json file: name another")
    yield from found


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ManifestError(f"{file}: larger than {MAX_BYTES // 1024**2} MiB: split the file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ManifestError(f"{file}:{line}: not UTF-8: save the file as UTF-8") from error
