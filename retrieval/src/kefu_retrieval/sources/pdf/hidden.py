"""Text on a PDF page that no reader sees: in the colour of its background, tiny, or outside of the page."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pdfplumber.page import Page as Sheet

from kefu_retrieval.sources.cleaning import colour
from kefu_retrieval.sources.cleaning.colour import WHITE, Colour

_TINY = 1.5
"""Points."""
_NEARLY_WHITE = 0.9


def take_out(sheet: Sheet) -> tuple[Sheet, list[tuple[str, str]]]:
    """The page without hidden characters, and the reason and the text of each run of them."""
    reasons = {id(char): reason for char in sheet.chars if char["text"].strip() and (reason := _reason(char, sheet))}
    if not reasons:
        return sheet, []
    runs = groupby(sheet.chars, key=lambda char: reasons.get(id(char), "") if char["text"].strip() else None)
    pieces: list[tuple[str, str]] = []
    for reason, chars in runs:
        text = "".join(char["text"] for char in chars)
        if reason and pieces and pieces[-1][0] == reason:
            pieces[-1] = (reason, f"{pieces[-1][1]} {text}")
        elif reason:
            pieces.append((reason, text))
    gone = {_place(char) for char in sheet.chars if id(char) in reasons}
    kept = sheet.filter(lambda found: found.get("object_type") != "char" or _place(found) not in gone)
    return kept, pieces


def _place(char: dict[str, Any]) -> tuple[object, ...]:
    return char["text"], char["x0"], char["top"], char["size"]


def _reason(char: dict[str, Any], sheet: Sheet) -> str | None:
    if char["size"] < _TINY and char["height"] < _TINY:
        return "font size near 0"
    across, down = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    left, top, right, bottom = sheet.bbox
    if not (left <= across <= right and top <= down <= bottom):
        return "placed outside of the page"
    ink = _colour(char.get("non_stroking_color"))
    if ink is not None and min(ink) >= _NEARLY_WHITE and not _is_painted(across, down, ink, sheet):
        return "the colour of its background"
    return None


def _is_painted(across: float, down: float, ink: Colour, sheet: Sheet) -> bool:
    """Whether something below the character lets it be read: a picture, or a box of another colour."""
    for box in (*sheet.images, *sheet.rects, *sheet.curves):
        if box["x0"] <= across <= box["x1"] and box["top"] <= down <= box["bottom"]:
            if box["object_type"] == "image":
                return True
            ground = _colour(box.get("non_stroking_color")) if box.get("fill") else None
            # A pattern has no colour that could be compared.
            if box.get("fill") and (ground is None or colour.readable(ink, ground)):
                return True
    return colour.readable(ink, WHITE)


def _colour(value: object) -> Colour | None:
    """Grey, RGB or CMYK as RGB; None for patterns and for what is not stated (black)."""
    parts = [value] if isinstance(value, int | float) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, int | float) for part in parts):
        return None
    numbers = [min(1.0, max(0.0, float(part))) for part in parts]
    if len(numbers) == 1:
        return numbers[0], numbers[0], numbers[0]
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    if len(numbers) == 4:
        red, green, blue = ((1 - ink) * (1 - numbers[3]) for ink in numbers[:3])
        return red, green, blue
    return None
