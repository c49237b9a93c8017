"""A table of a file, whatever the file's format: named columns, and rows of text that know where they stand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits


@dataclass(frozen=True)
class Row:
    """One record: its cells by column, without the empty ones."""

    number: int
    """Line of the file, or row of the sheet, from 1."""
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A header and what stands below it."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int = 0
    """Rows beyond the bound."""


def build(lines: Iterable[tuple[int, list[str]]]) -> Table:
    """The table of these numbered lines: the first that is not empty is the header.

    Raises:
        DocumentRefused: there is no header with names that differ.
    """
    numbered: Iterator[tuple[int, list[str]]] = (
        (number, cells) for number, cells in lines if any(map(str.strip, cells))
    )
    header = next(numbered, None)
    if header is None:
        raise DocumentRefused("empty; give a first row of column names and records below it")
    columns = tuple(name.strip() for name in header[1][: limits.COLUMNS])
    named = [name for name in columns if name]
    if len(set(named)) != len(named):
        double = next(name for name in named if named.count(name) > 1)
        raise DocumentRefused(f"two columns are called {double[:40]}; the first row must be names that differ")
    rows: list[Row] = []
    more = 0
    for number, cells in numbered:
        if len(rows) == limits.ENTRIES:
            more += 1
            continue
        pairs = zip(columns, cells, strict=False)
        rows.append(Row(number, {name: cell.strip() for name, cell in pairs if name and cell.strip()}))
    return Table(columns, tuple(row for row in rows if row.cells), more)
