"""From the characters of a PDF page to Markdown: lines, paragraphs, headings by their size, tables by their rules."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pdfplumber.page import Page as Sheet
from pdfplumber.table import Table

from kefu_retrieval.sources.tables import pipe_table
from kefu_retrieval.sources.text import joining

_GAP = 0.75
"""Height of white between two lines, in line heights, from which they are two paragraphs."""
_HEADING = 1.15
"""How many times larger than the body a heading is."""
_LONG_HEADING = 80
_MARGIN = 0.07
"""Share of the page's height where headers and footers stand."""
_LIST = re.compile(r"\A(?:[•●○▪■◆·*–-]|\d{1,2}[.)、．]|[（(]?[一二三四五六七八九十\d]{1,3}[)）、])\s*")
_BULLET = re.compile(r"\A[•●○▪■◆·]\s*")
_MARKUP = re.compile(r"\A(#{1,6}\s|```|~~~)")


@dataclass(frozen=True)
class Line:
    """A line of text, or a whole table."""

    text: str
    size: float
    """Of its letters, in points; 0 for what is no running text."""
    apart: bool
    """Whether white space separates it from what stands above it."""
    edge: bool = False
    """Whether it stands in the page's upper or lower margin."""
    table: bool = False


def lines(sheet: Sheet) -> list[Line]:
    """What stands on the page, from top to bottom."""
    tables = [table for table in sheet.find_tables() if _is_table(table)]
    outside = sheet
    for table in tables:
        outside = outside.outside_bbox(_within(table.bbox, outside.bbox))
    placed = [
        (float(table.bbox[1]), Line(pipe_table.render(_cells(table)), 0.0, apart=True, table=True)) for table in tables
    ]
    below: float | None = None
    for found in outside.extract_text_lines(return_chars=True):
        text = joining.close_up(" ".join(found["text"].split()))
        height = max(found["bottom"] - found["top"], 1.0)
        apart = below is None or found["top"] - below > _GAP * height or found["top"] < below - height
        below = found["bottom"]
        if text:
            size = Counter(round(char["size"], 1) for char in found["chars"]).most_common(1)[0][0]
            placed.append((float(found["top"]), Line(text, size, apart, edge=_in_margin(found, sheet))))
    return [line for _, line in sorted(placed, key=lambda pair: pair[0])]


def body_size(found: Sequence[Line]) -> float:
    """The size of most letters."""
    sizes: Counter[float] = Counter()
    for line in found:
        if line.size:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def largest(found: Sequence[Line]) -> str:
    """The line in the largest letters, for want of a title; empty where all are alike."""
    sized = [line for line in found if line.size]
    biggest = max(sized, key=lambda line: line.size, default=None)
    if biggest is None or biggest.size < _HEADING * body_size(found):
        return ""
    return biggest.text


def render(found: Sequence[Line], body: float) -> str:
    """The page as Markdown; `body` is the size of the document's running text."""
    blocks: list[list[str]] = []
    before: Line | None = None
    for line in found:
        level = _level(line, body)
        if level:
            blocks.append([f"{'#' * level} {line.text}"])
        elif line.table or before is None or line.apart or before.table or _level(before, body) or _is_item(line.text):
            blocks.append([line.text if line.table else _plain(line.text)])
        else:
            blocks[-1].append(line.text)
        before = line
    return "\n\n".join(joining.join(block) for block in blocks)


def _level(line: Line, body: float) -> int:
    if line.table or not line.size or not body or len(line.text) > _LONG_HEADING:
        return 0
    ratio = line.size / body
    return 1 if ratio >= 1.6 else 2 if ratio >= 1.3 else 3 if ratio >= _HEADING else 0


def _is_item(text: str) -> bool:
    return bool(_LIST.match(text))


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", _BULLET.sub("- ", text))


def _in_margin(found: dict[str, Any], sheet: Sheet) -> bool:
    _, top, _, bottom = sheet.bbox
    margin = _MARGIN * (bottom - top)
    return bool(found["bottom"] < top + margin or found["top"] > bottom - margin)


def _is_table(table: Table) -> bool:
    """Whether it has two rows and two columns with text: a frame around a paragraph is none."""
    rows = [[cell for cell in row if cell and cell.strip()] for row in table.extract()]
    return sum(1 for row in rows if row) >= 2 and max((len(row) for row in rows), default=0) >= 2


def _cells(table: Table) -> list[list[str]]:
    return [[joining.close_up(joining.join((cell or "").split("\n"))) for cell in row] for row in table.extract()]


def _within(box: tuple[float, ...], page: tuple[float, ...]) -> tuple[float, float, float, float]:
    return max(box[0], page[0]), max(box[1], page[1]), min(box[2], page[2]), min(box[3], page[3])
