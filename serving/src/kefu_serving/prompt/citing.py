"""Citations as they stream by: numbers that name no evidence are dropped, brackets are made uniform, the marker is cut."""

import re

from kefu_serving.prompt.marker import MARKER

MAX_BRACKET = 16
"""Longest bracket, in characters, that can still be a citation or the marker."""

_OPEN = re.compile(r"[\[【]")
_CLOSE = re.compile(r"[\]】]")
_NUMBERS = re.compile(r"\s*\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\s*")


class CitationFilter:
    """Passes text through and collects in `cited` the numbers it names, in the order of their first mention.

    `ended` turns True when the model writes its marker after an answer: nothing further is worth showing.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._held = ""
        self.cited: list[int] = []
        self.ended = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now."""
        if self.ended or (not self._held and not _OPEN.search(piece)):
            return "" if self.ended else piece
        text, self._held = self._held + piece, ""
        shown = ""
        while text and not self.ended:
            start = _OPEN.search(text)
            if start is None:
                return shown + text
            shown += text[: start.start()]
            text = text[start.start() :]
            end = _CLOSE.search(text)
            if end is None and len(text) <= MAX_BRACKET:
                self._held = text
                return shown
            if end is None or end.end() > MAX_BRACKET or _OPEN.search(text, 1, end.start()):
                shown, text = shown + text[0], text[1:]
            else:
                shown += self._bracket(text[: end.end()])
                text = text[end.end() :]
        return shown

    def close(self) -> str:
        """What is still held when the model has ended."""
        held, self._held = self._held, ""
        return "" if MARKER.startswith(held.upper()) and len(held) > 1 else held

    def _bracket(self, text: str) -> str:
        inner = text[1:-1]
        if inner.strip().upper() == MARKER[1:-1]:
            self.ended = True
            return ""
        if not _NUMBERS.fullmatch(inner):
            return text
        numbers = [n for n in map(int, re.findall(r"\d+", inner)) if 1 <= n <= self._count]
        self.cited.extend(n for n in dict.fromkeys(numbers) if n not in self.cited)
        return "".join(f"[{n}]" for n in numbers)
