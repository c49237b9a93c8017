"""XLSX workbooks: each visible sheet is a table."""

import warnings
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import archive, limits
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.faq import rows
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.tables import columns, records, table
from kefu_retrieval.sources.tables.table import Table


def parse(file: File) -> Reading:
    """Records; or FAQ entries on sheets with columns of questions and answers, where the source declares no others.

    Raises:
        DocumentRefused: it is no workbook, or no sheet is a table.
    """
    return _parse(file, is_faq=None if file.columns is None else False)


def parse_records(file: File) -> Reading:
    """A row a document.

    Raises:
        DocumentRefused: it is no workbook, or no sheet is a table.
    """
    return _parse(file, is_faq=False)


def parse_faq(file: File) -> Reading:
    """A row an FAQ entry.

    Raises:
        DocumentRefused: it is no workbook, or no sheet has columns for questions and answers.
    """
    return _parse(file, is_faq=True)


def _parse(file: File, *, is_faq: bool | None) -> Reading:
    archive.check(file.data)
    reading = Reading()
    refused: DocumentRefused | None = None
    for name, lines in _sheets(file.data):
        if lines is None:
            reading.omit(f"{file.place}#{name}", "a hidden sheet; show it if customers may know what it says")
            continue
        try:
            reading.extend(_sheet(file, table.build(lines), is_faq=is_faq))
        except DocumentRefused as error:
            refused = error
            reading.omit(f"{file.place}#{name}", str(error))
    if refused is not None and not reading.documents:
        raise refused
    return reading


def _sheet(file: File, read: Table, *, is_faq: bool | None) -> Reading:
    if is_faq or (is_faq is None and columns.is_faq(read.columns)):
        return rows.parse(file, read)
    return records.parse(file, read.columns, read.rows, read.more)


def _sheets(data: bytes) -> Iterator[tuple[str, Iterator[tuple[int, list[str]]] | None]]:
    """Name and lines of each sheet; None for the lines of a hidden one."""
    with warnings.catch_warnings():
        # It warns of styles and extensions that it does not keep; only values matter here.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
        except archive.BROKEN as error:
            raise DocumentRefused(f"a damaged workbook ({error}); save it again") from error
        for sheet in book.worksheets:
            yield sheet.title, _lines(sheet) if sheet.sheet_state == "visible" else None
        book.close()


def _lines(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    try:
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=limits.COLUMNS), start=1):
            yield number, [_text(cell) for cell in cells]
    except archive.BROKEN as error:
        raise DocumentRefused(f"a damaged sheet ({error}); save the workbook again") from error


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)[: limits.CELL]
