"""An HTML element as Markdown: headings, paragraphs, lists, tables and code; links as their text."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from kefu_retrieval.sources.tables import pipe_table

_BLOCKS = frozenset(
    (
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "address",
        "figure",
        "figcaption",
        "fieldset",
        "form",
        "details",
        "summary",
        "center",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "hr",
        "tr",
        "td",
        "th",
        "caption",
        "body",
        "html",
        "hgroup",
        "li",
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK = re.compile(r"\n{3,}")
_MARKUP = re.compile(r"^(#{1,6}[ \t]|```|~~~)")


def render(element: HtmlElement) -> str:
    """The element's text, blocks apart by a blank line."""
    blocks: list[str] = []
    _Writer(blocks).write(element)
    return _BLANK.sub("\n\n", "\n\n".join(block for block in blocks if block.strip())).strip()


class _Writer:
    """Collects blocks while it walks."""

    def __init__(self, blocks: list[str]) -> None:
        self._blocks = blocks
        self._line = ""

    def write(self, element: HtmlElement) -> None:
        """Add all that stands in the element."""
        self._content(element)
        self._close()

    def _content(self, element: HtmlElement) -> None:
        self._say(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._child(child)
            self._say(child.tail)

    def _child(self, child: HtmlElement) -> None:
        tag = str(child.tag).lower()
        if tag in _HEADINGS:
            self._block(f"{'#' * _HEADINGS[tag]} {_flat(child)}" if _flat(child) else "")
        elif tag in ("ul", "ol", "menu"):
            self._block("\n".join(_items(child, 0)))
        elif tag == "table":
            self._table(child)
        elif tag == "pre":
            self._block(f"```\n{''.join(str(part) for part in child.itertext()).strip()}\n```")
        elif tag == "br":
            self._line = f"{self._line.rstrip()}\n"
        elif tag in _BLOCKS:
            self._close()
            self._content(child)
            self._close()
        else:
            self._content(child)

    def _table(self, table: HtmlElement) -> None:
        rows = _rows(table)
        if any(True for _ in table.iterdescendants("table")) or max((len(row) for row in rows), default=0) < 2:
            # A table for layout.
            self._close()
            self._content(table)
            self._close()
            return
        self._block(pipe_table.render([[_flat(cell) for cell in row] for row in rows]))

    def _say(self, text: str | None) -> None:
        if not text:
            return
        text = _SPACE.sub(" ", text)
        self._line += text.lstrip() if not self._line or self._line[-1].isspace() else text

    def _block(self, text: str) -> None:
        self._close()
        self._blocks.append(text)

    def _close(self) -> None:
        lines = (_MARKUP.sub(r"\\\1", line.strip()) for line in self._line.split("\n"))
        self._blocks.append("\n".join(line for line in lines if line))
        self._line = ""


def _items(listed: HtmlElement, depth: int) -> Iterator[str]:
    for number, item in enumerate(listed.iterchildren("li"), start=1):
        mark = f"{number}." if listed.tag == "ol" else "-"
        nested = list(item.iterchildren("ul", "ol"))
        for child in nested:
            child.drop_tree()
        text = " ".join(_flat(item).split("\n"))
        if text:
            yield f"{'  ' * depth}{mark} {text}"
        for child in nested:
            yield from _items(child, depth + 1)


def _rows(table: HtmlElement) -> list[list[HtmlElement]]:
    return [list(row.iterchildren("td", "th")) for row in table.iterdescendants("tr")]


def _flat(element: HtmlElement) -> str:
    """The element's text in one line, with spaces between its blocks."""
    parts: list[str] = []
    _flatten(element, parts)
    return _SPACE.sub(" ", "".join(parts)).strip()


def _flatten(element: HtmlElement, parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        if isinstance(child.tag, str):
            apart = child.tag in _BLOCKS or child.tag == "br"
            parts.append(" " if apart else "")
            _flatten(child, parts)
            parts.append(" " if apart else "")
        parts.append(child.tail or "")
