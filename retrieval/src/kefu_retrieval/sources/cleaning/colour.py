"""Colours as documents write them, and whether text in one can be read on another."""

import re

Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
_NAMED: dict[str, Colour] = {
    "white": WHITE,
    "snow": (1.0, 0.98, 0.98),
    "ivory": (1.0, 1.0, 0.94),
    "ghostwhite": (0.97, 0.97, 1.0),
    "whitesmoke": (0.96, 0.96, 0.96),
    "floralwhite": (1.0, 0.98, 0.94),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 0.5, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "gray": (0.5, 0.5, 0.5),
    "grey": (0.5, 0.5, 0.5),
}
_HEX = re.compile(r"#([0-9a-f]{3,8})\b")
_RGB = re.compile(r"rgba?\(\s*([\d.]+%?)[\s,]+([\d.]+%?)[\s,]+([\d.]+%?)(?:[\s,/]+([\d.]+%?))?\s*\)")
_WORD = re.compile(r"[a-z]+")
UNREADABLE = 1.07
"""Contrast below which text is as good as invisible; people need 4.5 (WCAG 2.2, 1.4.3)."""


def parse(text: str) -> Colour | None:
    """The first colour that a CSS value names; None where it names none that is known, or a see-through one."""
    text = text.strip().lower()
    if match := _HEX.search(text):
        return _hex(match[1])
    if match := _RGB.search(text):
        if match[4] is not None and _share(match[4], 1) == 0:
            return None
        return _share(match[1], 255), _share(match[2], 255), _share(match[3], 255)
    return next((_NAMED[word] for word in _WORD.findall(text) if word in _NAMED), None)


def readable(text: Colour, ground: Colour) -> bool:
    """Whether the two differ by more than `UNREADABLE`, as WCAG 2.2 defines contrast."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05) > UNREADABLE


def _hex(digits: str) -> Colour | None:
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) == 8 and digits.endswith("00"):
        return None
    if len(digits) not in (6, 8):
        return None
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _share(text: str, whole: float) -> float:
    value = float(text.rstrip("%").rstrip(".") or 0)
    return min(1.0, value / 100 if text.endswith("%") else value / whole)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
