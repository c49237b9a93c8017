"""What a version that was built whole remembers of its files, so that a version built on it reads only those that changed.

A file is remembered only where nothing outside it can change what it gives: it left nothing out, it shares no chunk with another,
and no line of its source is so common that it might be taken for one that pages repeat. Every other file is read each time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from kefu_api import digest
from kefu_api.documents.index import Index
from kefu_retrieval.building.plan import Rows
from kefu_retrieval.scratch.spool import Spool
from kefu_retrieval.scratch.string_set import StringSet
from kefu_retrieval.sources.document import Origin

T = TypeVar("T")

READING = 1
"""Counts the ways in which files have been read and cut: what was remembered under another one is of no use."""
TOGETHER = 500
"""Documents of one line."""
_HEX = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")


class Said(NamedTuple):
    """A chunk, as far as others are compared with it."""

    digest: bytes
    """Chunks have it in common which say the same."""
    sketch: bytes
    """`chunks.likeness.sketch`."""
    document: int
    """Which of the file's documents it is of."""


_SAID = TypeAdapter(tuple[Said, ...], config=_HEX)


@dataclass(frozen=True)
class Filed:
    """A file, and what it gives."""

    __pydantic_config__ = _HEX

    origin: Origin
    documents: tuple[str, ...]
    pages: int
    chunks: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A file that is remembered, and how many chunks it gives; what they say is on disk."""

    origin: Origin
    documents: tuple[str, ...]
    pages: int
    chunks: int
    place: int
    """Of the chunks in the ledger's spool."""


@dataclass
class Ledger:
    """All that is remembered; to be closed."""

    made_by: str
    """`made_by` of the index document."""
    documents: dict[str, Rows] = field(default_factory=dict)
    """Rows of each document of the version, by its mark."""
    files: dict[Origin, Known] = field(default_factory=dict)
    chunks: Spool[tuple[Said, ...]] = field(default_factory=lambda: Spool(_SAID))
    """Of each of these files, in their order."""
    others: set[str] = field(default_factory=set)
    """Names of the version's documents that are of none of these files."""

    def add(self, filed: Filed) -> None:
        """Remember a file; all must be added before what a chunk says is asked for."""
        place = self.chunks.append(filed.chunks)
        self.files[filed.origin] = Known(filed.origin, filed.documents, filed.pages, len(filed.chunks), place)

    def said(self, file: Known) -> tuple[Said, ...]:
        """What a file's chunks say; not to be asked for once closed."""
        return self.chunks.at(file.place)

    def close(self) -> None:
        """Give the space back; files and names stay known."""
        self.chunks.close()

    def named(self) -> Iterator[str]:
        """Names of all documents of the version."""
        yield from self.others
        for filed in self.files.values():
            yield from filed.documents

    def pages(self) -> Counter[str]:
        """Of all files that are remembered, by source."""
        count: Counter[str] = Counter()
        for filed in self.files.values():
            count[filed.origin.source] += filed.pages
        return count


@dataclass(frozen=True)
class _Line:
    """One line of what is written; the last one says that it is."""

    __pydantic_config__ = _HEX

    made_by: str | None = None
    documents: dict[str, tuple[int, str]] | None = None
    file: Filed | None = None
    others: list[str] | None = None
    end: bool = False


_LINES = TypeAdapter(_Line)


def made_by(index: Index) -> str:
    """Digest of all that decides how a file is read and cut, the file itself aside."""
    sources = {
        source.name: [source.format, source.columns.model_dump() if source.columns else None]
        for source in index.sources
        if source.path is not None
    }
    return digest.of_value([READING, index.chunking.model_dump(), sources])


def write(
    made: str, documents: Iterable[tuple[str, Rows]], files: Iterable[Filed], names: Iterable[str]
) -> Iterator[str]:
    """As lines of text; `documents`: by their marks; `names`: of all documents."""
    yield _text(_Line(made_by=made))
    for part in _parts(documents):
        yield _text(_Line(documents={name: (rows.count, f"{rows.sum:x}") for name, rows in part}))
    with closing(StringSet()) as filed:
        for each in files:
            filed.update(each.documents)
            yield _text(_Line(file=each))
        yield from (_text(_Line(others=part)) for part in _parts(name for name in names if name not in filed))
    yield _text(_Line(end=True))


def read(lines: Iterable[str]) -> Ledger | None:
    """From lines of text; None where they are not whole, or of another shape."""
    with ExitStack() as stack:
        ledger, ended = Ledger(""), False
        stack.callback(ledger.close)
        try:
            for line in map(_LINES.validate_json, lines):
                ended = line.end
                ledger.made_by = line.made_by or ledger.made_by
                for name, (count, total) in (line.documents or {}).items():
                    ledger.documents[name] = Rows(count, int(total, 16))
                if line.file:
                    ledger.add(line.file)
                ledger.others.update(line.others or ())
        except ValidationError:
            return None
        if not ended:
            return None
        stack.pop_all()
        return ledger


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    return iter(lambda: list(islice(left, TOGETHER)), [])


def _text(line: _Line) -> str:
    return _LINES.dump_json(line, exclude_defaults=True).decode()
