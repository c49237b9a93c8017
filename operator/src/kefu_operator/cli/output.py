"""Printing of commands: to a stream that tests can hand in, with colours on a terminal only."""

import sys
from dataclasses import dataclass, field
from typing import TextIO

from kefu_operator.local.console import wants_colour

_CODES = {"dim": "2", "bold": "1", "green": "32", "yellow": "33", "red": "31"}


@dataclass(frozen=True)
class Output:
    """Where a command prints."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def print(self, text: str = "", end: str = "\n") -> None:
        """Print and flush, so that streamed answers appear as they come."""
        self.stream.write(text + end)
        self.stream.flush()

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where the stream shows styles."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if wants_colour(self.stream) else text
