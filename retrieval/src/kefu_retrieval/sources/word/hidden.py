"""Whether a reader of a DOCX sees a run of text: hidden, tiny, and white on white is not seen."""

from kefu_retrieval.sources.cleaning import colour
from kefu_retrieval.sources.cleaning.colour import WHITE, Colour
from kefu_retrieval.sources.word.style import Element, Styles, child, name, value

_TINY = 3
"""Half points."""
_OFF = ("0", "false", "off")


class Visibility:
    """Judges runs by the document's styles."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles

    def reason(self, run: Element, paragraph: Element) -> str | None:
        """Why the run is not seen; None where it is."""
        vanish = self._styles.of_run(run, paragraph, "vanish")
        if vanish is not None and (value(vanish) or "true") not in _OFF:
            return "hidden font"
        size = value(self._styles.of_run(run, paragraph, "sz")) or ""
        if size.isdigit() and int(size) <= _TINY:
            return "font size near 0"
        ink = _colour(value(self._styles.of_run(run, paragraph, "color")))
        if ink is None or colour.readable(ink, WHITE):
            return None
        ground = self._ground(run, paragraph)
        return "the colour of its background" if ground is not None and not colour.readable(ink, ground) else None

    def _ground(self, run: Element, paragraph: Element) -> Colour | None:
        """What is painted behind the run; None where that is not known."""
        if self._styles.of_run(run, paragraph, "highlight") is not None:
            return None
        places = [child(run, "rPr", "shd"), child(paragraph, "pPr", "shd")]
        for around in paragraph.iterancestors():
            if name(around) == "tc":
                places.append(child(around, "tcPr", "shd"))
            if name(around) == "tbl" and self._styles.is_shaded(around):
                places.append(None)
                if not any(place is not None for place in places):
                    return None
        fill = next((value(place, "fill") for place in places if place is not None), None)
        return WHITE if fill in (None, "auto") else _colour(fill)


def _colour(text: str | None) -> Colour | None:
    return colour.parse(f"#{text}") if text and text != "auto" else None
