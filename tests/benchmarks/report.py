"""What a benchmark hands back: tables and notes, which read alike in a terminal and in Markdown."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first column names the subject, the others are figures."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> list[str]:
        """The table in Markdown, padded so that it is a table in a terminal too."""
        widths = [max(_width(row[column]) for row in (self.head, *self.rows)) for column in range(len(self.head))]
        rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
        return [_line(self.head, widths), f"|{rule}|", *(_line(row, widths) for row in self.rows)]


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's result."""

    title: str
    what: str
    """What was measured and how, in Markdown."""
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Title, method, tables and notes in Markdown, without a heading's level deeper than two."""
        parts = [f"## {self.title}", self.what]
        for table in self.tables:
            parts += [f"**{table.caption}**", "\n".join(table.lines())]
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts) + "\n"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + " " * (width - _width(cell)) if not column else " " * (width - _width(cell)) + cell
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
