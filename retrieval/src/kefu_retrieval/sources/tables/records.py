"""A record a document: rows of a table and JSON objects that are no FAQ entries, such as a list of products."""

from collections.abc import Iterable
from datetime import date

from kefu_api import digest
from kefu_api.documents.index import Columns
from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.omitted import bounded
from kefu_retrieval.sources.tables import columns
from kefu_retrieval.sources.tables.table import Row
from kefu_retrieval.sources.text import language
from kefu_retrieval.sources.validity import day

MAX_ID = 100


def parse(file: File, names: tuple[str, ...], rows: Iterable[Row], beyond: int = 0) -> Reading:
    """A page for every row: its title, then `column: value` lines.

    Raises:
        DocumentRefused: a column that the source declares is not there.
    """
    meant = _meaning(names, file.columns or Columns())
    reading = Reading()
    for row in rows:
        try:
            page = _page(file, row, meant, (file.columns or Columns()).text)
        except ValueError as error:
            reading.omit(f"{file.place}#{row.number}", str(error))
            continue
        if page is None:
            reading.omit(f"{file.place}#{row.number}", "no text in this record; fill in a column, or remove it")
        else:
            reading.pages.append(page)
    return bounded(reading, file, beyond)


def _meaning(names: tuple[str, ...], declared: Columns) -> dict[str, str]:
    stated = {"id": declared.id, "title": declared.title, "tags": declared.tags}
    wanted = [name for name in (*stated.values(), *declared.text) if name is not None]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DocumentRefused(
            f"has no column {missing[0]}, which the source's columns name; it has {', '.join(names[:20])}"
        )
    guessed = columns.meaning(names)
    return guessed | {meant: name for meant, name in stated.items() if name is not None}


def _page(file: File, row: Row, meant: dict[str, str], text: tuple[str, ...]) -> Page | None:
    held = {key: row.cells[column] for key, column in meant.items() if column in row.cells}
    days = {key: _day(key, held.get(key)) for key in ("validFrom", "validUntil")}
    apart = {meant.get(key) for key in ("id", "title", "tags", "validFrom", "validUntil")}
    shown = text or tuple(name for name in row.cells if name not in apart)
    lines = [f"{name}: {row.cells[name]}" for name in shown if name in row.cells]
    title = held.get("title") or (row.cells[shown[0]] if shown and shown[0] in row.cells else "")
    if not lines and not title:
        return None
    if text and len(shown) == 1 and lines:
        lines = [row.cells[shown[0]]]
    body = "\n".join(line[: limits.CELL] for line in lines) or title
    title = title.partition("\n")[0][: limits.TITLE]
    name = (held.get("id") or digest.of_text(f"{title}\n{body}")[:12])[:MAX_ID]
    return Page(
        document=f"{file.place}#{name}",
        title=title,
        body=body,
        language=language.detect(f"{title} {body}"),
        tags=tuple(columns.tags(held.get("tags", "")))[:20],
        valid_from=days["validFrom"],
        valid_until=days["validUntil"],
    )


def _day(key: str, cell: str | None) -> date | None:
    try:
        return day(cell)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
