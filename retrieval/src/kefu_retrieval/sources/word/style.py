"""What a DOCX says of a paragraph or a run, itself or through its styles (ECMA-376 part 1, 17.7)."""

from collections.abc import Iterator
from typing import Any

Element = Any
"""An lxml element; python-docx gives it classes of its own."""
_SPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEP = 20
"""Styles that are based on one another; a circle ends here."""


def name(element: Element) -> str:
    """The element's name where it belongs to WordprocessingML; else nothing."""
    tag = element.tag
    return tag.removeprefix(_SPACE) if isinstance(tag, str) and tag.startswith(_SPACE) else ""


def value(element: Element | None, attribute: str = "val") -> str | None:
    """An attribute of WordprocessingML."""
    found = element.get(f"{_SPACE}{attribute}") if element is not None else None
    return str(found) if found is not None else None


def child(element: Element | None, *path: str) -> Element | None:
    """The descendant at the path of names."""
    for step in path:
        element = element.find(f"{_SPACE}{step}") if element is not None else None
    return element


class Styles:
    """The document's styles by their ids."""

    def __init__(self, root: Element) -> None:
        self._by_id = {value(style, "styleId"): style for style in root.iterchildren() if name(style) == "style"}
        self._defaults = child(root, "docDefaults", "rPrDefault")

    def of_paragraph(self, paragraph: Element) -> str:
        """Name of the paragraph's style; empty where it has none."""
        style = self._by_id.get(value(child(paragraph, "pPr", "pStyle")))
        return value(child(style, "name")) or ""

    def of_run(self, run: Element, paragraph: Element, wanted: str) -> Element | None:
        """A property of the run: its own, its style's, its paragraph's style's, or the document's default."""
        places = [
            run,
            *self._chain(value(child(run, "rPr", "rStyle"))),
            *self._chain(value(child(paragraph, "pPr", "pStyle"))),
            self._defaults,
        ]
        return next((found for place in places if (found := child(place, "rPr", wanted)) is not None), None)

    def outline_level(self, paragraph: Element) -> int | None:
        """The level of a heading, from 0; None for running text."""
        places = [paragraph, *self._chain(value(child(paragraph, "pPr", "pStyle")))]
        found = next((level for place in places if (level := value(child(place, "pPr", "outlineLvl")))), None)
        return int(found) if found is not None and found.isdigit() and int(found) < 6 else None

    def list_depth(self, paragraph: Element) -> int | None:
        """The depth of a list item, from 0; None for what is none."""
        places = [paragraph, *self._chain(value(child(paragraph, "pPr", "pStyle")))]
        numbering = next((found for place in places if (found := child(place, "pPr", "numPr")) is not None), None)
        if numbering is None or value(child(numbering, "numId")) == "0":
            return None
        level = value(child(numbering, "ilvl")) or "0"
        return min(8, int(level)) if level.isdigit() else 0

    def is_shaded(self, table: Element) -> bool:
        """Whether a table's style paints the ground of its cells."""
        chain = self._chain(value(child(table, "tblPr", "tblStyle")))
        return any(name(found) == "shd" for style in chain for found in style.iter())

    def _chain(self, style: str | None) -> Iterator[Element]:
        for _ in range(_DEEP):
            found = self._by_id.get(style) if style else None
            if found is None:
                return
            yield found
            style = value(child(found, "basedOn"))
