"""Reading the index document, and noticing that it has changed."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from kefu_api.documents.index import Index
from kefu_retrieval.errors import IndexInvalid

MAX_BYTES = 2 * 1024 * 1024


def read(path: Path) -> Index:
    """The index document in `path`.

    Raises:
        IndexInvalid: it cannot be read, or is none; the message names the first wrong field.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise IndexInvalid(f"{path} is larger than {MAX_BYTES} bytes")
        return Index.model_validate_json(path.read_bytes())
    except OSError as error:
        raise IndexInvalid(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "document"
        raise IndexInvalid(f"{path}: {field}: {first['msg']}") from error


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
