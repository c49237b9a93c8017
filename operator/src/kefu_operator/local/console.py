"""What local mode prints: one calm line an event, with seconds, colours on a terminal only."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from kefu_operator.local.events import Tone

_COLOURS = {Tone.GOOD: "32", Tone.WARNING: "33", Tone.BAD: "31", Tone.PASSING: "2"}
_CLEAR = "\r\x1b[K"
_EVERY = 5.0
"""Seconds between passing lines where they cannot overwrite one another."""


def wants_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Colours only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class Console:
    """Prints to a stream."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        colour: bool | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stdout
        self._tty = self._stream.isatty()
        self._colour = wants_colour(self._stream) if colour is None else colour
        self._now = now
        self._began = now()
        self._passing: dict[str, float] = {}
        self._open = False
        self._gone = False

    def tell(self, subject: str, text: str, tone: Tone) -> None:
        """One event of a workload."""
        line = f"{self._now() - self._began:7.1f} s  {subject:<22} {text}"
        if tone is Tone.PASSING:
            self._pass(subject, line)
            return
        self.print(self._painted(line, tone))

    def print(self, text: str = "") -> None:
        """Plain text on lines of its own."""
        self._write((_CLEAR if self._open else "") + text + "\n")
        self._open = False

    def _pass(self, subject: str, line: str) -> None:
        if self._tty:
            self._write(_CLEAR + self._painted(line, Tone.PASSING))
            self._open = True
        elif self._now() - self._passing.get(subject, -_EVERY) >= _EVERY:
            self._passing[subject] = self._now()
            self._write(line + "\n")

    def _painted(self, line: str, tone: Tone) -> str:
        code = _COLOURS.get(tone)
        return f"\x1b[{code}m{line}\x1b[0m" if code and self._colour else line

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # Whoever read us went away; the servers matter more than the lines.
            self._gone = True
