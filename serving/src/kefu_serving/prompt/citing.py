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

    The prompt has the model begin with the number of the passage it is going to use, because a small model answers
    better once it has chosen; readers expect it behind the sentence, so a leading citation is moved to the end.
    `leading` holds it. `ended` turns True when the model writes its marker: nothing further is worth showing.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._held = ""
        self._begun = False
        self._within: set[int] = set()
        self.leading: list[int] = []
        self.cited: list[int] = []
        self.ended = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now."""
        if self.ended:
            return ""
        if self._begun and not self._held and not _OPEN.search(piece):
            return piece
        beginning = not self._begun
        shown = self._scan(piece)
        if beginning:
            shown = shown.lstrip()
            self._begun = self._begun or bool(shown)
        return shown

    def _scan(self, piece: str) -> str:
        text, self._held = self._held + piece, ""
        shown = ""
        while text and not self.ended:
            start = _OPEN.search(text)
            if start is None:
                return shown + text
            shown += text[: start.start()]
            text = text[start.start() :]
            self._begun = self._begun or bool(shown.strip())
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
        """What is still held when the model has ended, and the citation that it began with."""
        held, self._held = self._held, ""
        if MARKER.startswith(held.upper()) and len(held) > 1:
            held = ""
        return held + "".join(f"[{n}]" for n in self.leading if n not in self._within)

    def _bracket(self, text: str) -> str:
        inner = text[1:-1]
        if inner.strip().upper() == MARKER[1:-1]:
            self.ended = True
            return ""
        if not _NUMBERS.fullmatch(inner):
            self._begun = True
            return text
        numbers = [n for n in map(int, re.findall(r"\d+", inner)) if 1 <= n <= self._count]
        self.cited.extend(n for n in dict.fromkeys(numbers) if n not in self.cited)
        if not self._begun:
            self.leading.extend(numbers)
            return ""
        self._within.update(numbers)
        return "".join(f"[{n}]" for n in numbers)
