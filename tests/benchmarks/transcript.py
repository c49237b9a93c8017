"""What a program prints, with the time at which each piece came: how a benchmark sees a demo as a person does."""

import codecs
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.errors import LoadFailed

PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Transcript:
    """Pieces of output, each with the seconds since the program began, and how long the whole program took."""

    pieces: tuple[tuple[float, str], ...]
    seconds: float

    def text(self) -> str:
        """All that was printed."""
        return "".join(piece for _, piece in self.pieces)

    def when(self, marker: str, *, after: str = "") -> float:
        """When the end of `marker` had been printed, once `after` had been. Raises LoadFailed when it never was."""
        text = self.text()
        begin = text.find(after)
        found = text.find(marker, begin + len(after)) if begin >= 0 else -1
        if found < 0:
            raise LoadFailed(f"{marker!r} was not printed:\n{text[-2000:]}")
        return self._at(found + len(marker))

    def word_after(self, begin: str, end: str, retry: str) -> float:
        """When the first word came on the lines after `begin`'s, before `end`, and after the last line with `retry`.

        What was printed before a retry was no answer. Raises LoadFailed when nothing was printed there.
        """
        text = self.text()
        start = text.find("\n", text.index(begin) + len(begin)) if begin in text else -1
        stop = text.find(end, start)
        if start < 0 or stop < 0:
            raise LoadFailed(f"there is no {begin!r} followed by {end!r}:\n{text[-2000:]}")
        again = text.rfind(retry, start, stop)
        start = start if again < 0 else text.find("\n", again)
        rest = text[start:stop]
        if not rest.strip():
            raise LoadFailed(f"nothing was printed between {begin!r} and {end!r}:\n{text[-2000:]}")
        return self._at(stop - len(rest.lstrip()) + 1)

    def _at(self, length: int) -> float:
        """When this many characters had been printed."""
        printed = 0
        for seconds, piece in self.pieces:
            printed += len(piece)
            if printed >= length:
                return seconds
        raise LoadFailed(f"only {printed} characters were printed")


def record(command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> Transcript:
    """Runs a command to its end. Raises LoadFailed when it fails or takes longer than `seconds`."""
    began = time.monotonic()
    child = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        pieces = _read(child, began, seconds)
    finally:
        _end(child)
    made = Transcript(tuple(pieces), time.monotonic() - began)
    if child.returncode:
        raise LoadFailed(f"{' '.join(command)} ended with status {child.returncode}:\n{made.text()[-2000:]}")
    return made


def _read(child: subprocess.Popen[bytes], began: float, seconds: float) -> list[tuple[float, str]]:
    assert child.stdout is not None
    pieces: list[tuple[float, bytes]] = []
    while True:
        left = seconds - (time.monotonic() - began)
        if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
            shown = "".join(text for _, text in _decoded(pieces))
            raise LoadFailed(f"not done within {seconds:g} s:\n{shown[-2000:]}")
        piece = os.read(child.stdout.fileno(), PIECE)
        if not piece:
            child.wait(30)
            return _decoded(pieces)
        pieces.append((time.monotonic() - began, piece))


def _decoded(pieces: list[tuple[float, bytes]]) -> list[tuple[float, str]]:
    """Text of the pieces; a character that was cut in two belongs to the piece that completes it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return [(at, decoder.decode(piece)) for at, piece in pieces]


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the command and all that it started, if it has not ended by itself."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.stdout:
        child.stdout.close()
