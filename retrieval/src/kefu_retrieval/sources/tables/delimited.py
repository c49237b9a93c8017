"""CSV files: as spreadsheets in China and elsewhere export them, with commas, semicolons or tabs."""

import csv
from collections.abc import Iterator

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.faq import rows
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.tables import columns, records, table
from kefu_retrieval.sources.tables.table import Table
from kefu_retrieval.sources.text import encoding

_DELIMITERS = (",", "\t", ";", "|")


def parse(file: File) -> Reading:
    """Records; or FAQ entries, where there are columns of questions and answers and the source declares no others.

    Raises:
        DocumentRefused: it cannot be read as a table with a header.
    """
    read = _table(file)
    if columns.is_faq(read.columns) and file.columns is None:
        return rows.parse(file, read)
    return records.parse(file, read.columns, read.rows, read.more)


def parse_records(file: File) -> Reading:
    """A record a document.

    Raises:
        DocumentRefused: it cannot be read as a table with a header.
    """
    read = _table(file)
    return records.parse(file, read.columns, read.rows, read.more)


def parse_faq(file: File) -> Reading:
    """A row an FAQ entry.

    Raises:
        DocumentRefused: it cannot be read as a table with columns for questions and answers.
    """
    return rows.parse(file, _table(file))


def _table(file: File) -> Table:
    text = encoding.decode(file.data).replace("\0", "")
    try:
        return table.build(_lines(text))
    except csv.Error as error:
        raise DocumentRefused(f"not CSV: {error}; close all quotes, and keep cells below 131072 characters") from error


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=_delimiter(lines))
    for cells in reader:
        yield reader.line_num, cells


def _delimiter(lines: list[str]) -> str:
    """The one that splits the header into most columns."""
    header = next((line for line in lines if line.strip()), "")
    return max(_DELIMITERS, key=header.count)
