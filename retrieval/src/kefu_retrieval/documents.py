"""Reading the index document, and noticing that it has changed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from kefu_api.base import Model
from kefu_api.documents.index import Index
from kefu_retrieval.errors import IndexInvalid
from kefu_retrieval.faults import first_fault

MAX_BYTES = 2 * 1024 * 1024

Document = TypeVar("Document", bound=Model)


def read(path: Path) -> Index:
    """The index document in `path`; as `read_as`."""
    return read_as(Index, path)


def read_as(kind: type[Document], path: Path) -> Document:
    """The document of that kind in `path`.

    Raises:
        IndexInvalid: it cannot be read, or is none; the message names the first wrong field.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise IndexInvalid(f"{path} is larger than {MAX_BYTES} bytes")
        return kind.model_validate_json(content)
    except OSError as error:
        raise IndexInvalid(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise IndexInvalid(f"{path}: {first_fault(error, 'document')}") from error


@dataclass(frozen=True)
class Stamp:
    """Identity of a file's content as far as the file system tells; a remounted ConfigMap changes the inode."""

    inode: int
    modified: int
    size: int

    @classmethod
    def of(cls, path: Path) -> "Stamp | None":
        """The file's stamp; None while it is away."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)
