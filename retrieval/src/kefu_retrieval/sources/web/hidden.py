"""Text of a web page that no reader sees: taken out, so that it can be reported instead of indexed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from kefu_retrieval.sources.cleaning import colour
from kefu_retrieval.sources.cleaning.colour import WHITE, Colour
from kefu_retrieval.sources.web import style
from kefu_retrieval.sources.web.style import Declarations, Sheet

_BLACK: Colour = (0.0, 0.0, 0.0)
_LENGTH = re.compile(r"\A(-?[\d.]+)\s*(px|pt|em|rem|%|vw)?\Z")
_FAR = -900
_TINY = {"px": 2.0, "pt": 1.5, "em": 0.1, "rem": 0.1, "%": 10.0, "vw": 0.1, "": 0.0}


@dataclass(frozen=True)
class _Ink:
    """What text inherits."""

    text: Colour = _BLACK
    ground: Colour = WHITE
    tiny: bool = False
    transparent: bool = False

    @property
    def reason(self) -> str | None:
        if self.tiny:
            return "font size near 0"
        if self.transparent or not colour.readable(self.text, self.ground):
            return "the colour of its background"
        return None


def take_out(root: HtmlElement) -> list[tuple[str, str]]:
    """Remove hidden text from the tree; the reason and the text of each piece, in order."""
    sheet = style.read([style.text or "" for style in root.iter("style")])
    return list(_walk(root, sheet, _Ink()))


def _walk(element: HtmlElement, sheet: Sheet, inherited: _Ink) -> Iterator[tuple[str, str]]:
    stated = sheet.of(element)
    reason = "hidden attribute" if element.get("hidden") is not None else _box(stated)
    if reason:
        yield from _removed(element, reason)
        return
    ink = _inked(element, stated, inherited)
    if ink.reason:
        yield from _blanked(element, ink.reason)
    for child in list(element):
        if isinstance(child.tag, str):
            yield from _walk(child, sheet, ink)


def _removed(element: HtmlElement, reason: str) -> Iterator[tuple[str, str]]:
    text = " ".join("".join(_texts(element)).split())
    if text:
        yield reason, text
    if element.getparent() is not None:
        element.drop_tree()


def _texts(element: HtmlElement) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in ("script", "style", "noscript", "template"):
        return
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        yield child.tail or ""


def _blanked(element: HtmlElement, reason: str) -> Iterator[tuple[str, str]]:
    """Empty the element's own text; its children may be seen all the same."""
    if element.tag in ("script", "style", "noscript", "template", "title", "head", "html"):
        return
    own = [element.text or "", *((child.tail or "") for child in element)]
    text = " ".join(" ".join(own).split())
    if not text:
        return
    yield reason, text
    element.text = None
    for child in element:
        child.tail = " "


def _box(stated: Declarations) -> str | None:
    """Why the whole box is not seen."""
    if stated.get("display") == "none":
        return "display: none"
    if stated.get("visibility") in ("hidden", "collapse"):
        return "visibility: hidden"
    if _number(stated.get("opacity")) == 0:
        return "opacity: 0"
    if any(
        (_number(stated.get(side)) or 0) < _FAR for side in ("text-indent", "left", "top", "margin-left", "margin-top")
    ):
        return "placed outside of the page"
    flat = any(_number(stated.get(side)) in (0, 1) for side in ("width", "height", "max-height", "max-width"))
    if flat and stated.get("overflow") in ("hidden", "clip"):
        return "a box without size"
    if re.match(r"rect\((0|1)(px)?[ ,]", stated.get("clip", "")) or re.match(
        r"inset\((50|100)%", stated.get("clip-path", "")
    ):
        return "clipped away"
    return None


def _inked(element: HtmlElement, stated: Declarations, ink: _Ink) -> _Ink:
    painted = stated.get("background-color") or stated.get("background") or element.get("bgcolor") or ""
    if painted and (ground := colour.parse(painted)):
        ink = replace(ink, ground=ground)
    elif "url(" in painted or "gradient" in painted or "background-image" in stated:
        # A picture: what can be read on it is not known, so nothing is called hidden.
        ink = replace(ink, ground=(0.5, 0.5, 0.5))
    written = stated.get("color") or (element.get("color") if element.tag == "font" else "") or ""
    if written and (text := colour.parse(written)):
        ink = replace(ink, text=text, transparent=False)
    elif written:
        ink = replace(ink, transparent=written == "transparent" or bool(re.match(r"rgba\(.*[, ]0(\.0*)?\)\Z", written)))
    if size := stated.get("font-size"):
        ink = replace(ink, tiny=_is_tiny(size))
    return ink


def _is_tiny(size: str) -> bool:
    match = _LENGTH.match(size)
    return bool(match) and abs(_float(match[1])) <= _TINY[match[2] or ""] if match else False


def _number(text: str | None) -> float | None:
    match = _LENGTH.match(text or "")
    return _float(match[1]) if match else None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
