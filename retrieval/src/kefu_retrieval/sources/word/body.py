"""DOCX: headings, paragraphs, lists and tables in the order of the document."""

import io
import re
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import archive, limits
from kefu_retrieval.sources.cleaning import unseen
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.tables import pipe_table
from kefu_retrieval.sources.text import language
from kefu_retrieval.sources.word.hidden import Visibility
from kefu_retrieval.sources.word.style import Element, Styles, name, value

_NAMED_HEADING = re.compile(r"\A(?:heading|标题)\s*(\d)\Z", re.IGNORECASE)
_MARKUP = re.compile(r"\A(#{1,6}\s|```|~~~)")
_TRANSPARENT = ("hyperlink", "ins", "smartTag", "moveTo", "sdt", "sdtContent", "fldSimple", "bdo", "dir")
"""Elements whose content is the document's, as if they were not there."""


def parse(file: File) -> Reading:
    """One page.

    Raises:
        DocumentRefused: it is damaged, or holds no text.
    """
    archive.check(file.data)
    try:
        document = docx.Document(io.BytesIO(file.data))
    except (PackageNotFoundError, *archive.BROKEN) as error:
        raise DocumentRefused(f"a damaged document ({type(error).__name__}); save it as DOCX again") from error
    writer = _Writer(document)
    text = "\n\n".join(block for block in writer.blocks(document.element.body) if block.strip())
    reading = Reading()
    unseen.report(reading, file.place, writer.hidden)
    if not text:
        raise DocumentRefused("holds no text; a scanned document must be given as PDF or as a picture")
    title = _title(document) or writer.title or file.stem
    reading.pages.append(Page(file.place, title[: limits.TITLE], text, language.detect(text)))
    return reading


def _title(document: Document) -> str:
    title = " ".join((document.core_properties.title or "").split())
    return "" if title.lower() in ("word document", "untitled") else title


class _Writer:
    """Walks over a document's elements."""

    def __init__(self, document: Document) -> None:
        self._styles = Styles(document.styles.element)
        self._visibility = Visibility(self._styles)
        self.hidden: list[tuple[str, str]] = []
        self.title = ""

    def blocks(self, parent: Element) -> Iterator[str]:
        """Markdown blocks of what stands in `parent`; items of a list are one block."""
        items: list[str] = []
        for child in parent.iterchildren():
            kind = name(child)
            if kind == "p":
                text = self._paragraph(child)
                depth = self._styles.list_depth(child)
                if depth is not None and text and not self._level(child):
                    items.append(f"{'  ' * depth}- {text}")
                    continue
                yield from _listed(items)
                yield self._headed(child, text)
            elif kind == "tbl":
                yield from _listed(items)
                yield pipe_table.render(list(self._rows(child)))
            elif kind in _TRANSPARENT:
                yield from _listed(items)
                yield from self.blocks(child)
        yield from _listed(items)

    def _headed(self, paragraph: Element, text: str) -> str:
        level = self._level(paragraph)
        if not level or not text:
            return _MARKUP.sub(r"\\\1", text)
        line = " ".join(text.split())
        self.title = self.title or line
        return f"{'#' * level} {line}"

    def _level(self, paragraph: Element) -> int:
        style = self._styles.of_paragraph(paragraph)
        if match := _NAMED_HEADING.match(style):
            return min(6, max(1, int(match[1])))
        if style.lower() in ("title", "标题"):
            return 1
        outline = self._styles.outline_level(paragraph)
        return 0 if outline is None else outline + 1

    def _rows(self, table: Element) -> Iterator[list[str]]:
        for row in table.iterchildren():
            if name(row) == "tr":
                yield [self._cell(cell) for cell in row.iterchildren() if name(cell) == "tc"]

    def _cell(self, cell: Element) -> str:
        merge = next((found for found in cell.iter() if name(found) == "vMerge"), None)
        if merge is not None and value(merge) != "restart":
            return ""
        return " ".join(filter(None, (self._paragraph(part) for part in cell.iter() if name(part) == "p")))

    def _paragraph(self, paragraph: Element) -> str:
        return "".join(self._runs(paragraph, paragraph)).strip()

    def _runs(self, parent: Element, paragraph: Element) -> Iterator[str]:
        for child in parent.iterchildren():
            kind = name(child)
            if kind == "r":
                text = "".join(_written(child))
                reason = self._visibility.reason(child, paragraph) if text.strip() else None
                if reason:
                    self._hide(reason, text)
                else:
                    yield text
            elif kind in _TRANSPARENT:
                yield from self._runs(child, paragraph)

    def _hide(self, reason: str, text: str) -> None:
        """Note hidden text; neighbouring runs are one piece."""
        if self.hidden and self.hidden[-1][0] == reason:
            self.hidden[-1] = (reason, f"{self.hidden[-1][1]}{text}")
        else:
            self.hidden.append((reason, text))


def _written(run: Element) -> Iterator[str]:
    for child in run.iterchildren():
        kind = name(child)
        if kind == "t":
            yield child.text or ""
        elif kind in ("tab", "ptab"):
            yield " "
        elif kind in ("br", "cr"):
            yield "\n"
        elif kind == "noBreakHyphen":
            yield "-"


def _listed(items: list[str]) -> Iterator[str]:
    if items:
        yield "\n".join(items)
        items.clear()
