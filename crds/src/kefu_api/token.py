"""Tokens between services: a mounted file says who may ask, and is followed as it is rotated.

Standard library only: the embedded Milvus reads it too, in an image that holds nothing else of ours.
"""

import hmac
import time
from collections.abc import Callable, Iterable
from pathlib import Path

HEADER = "kefu-token"
"""Not Authorization: the API server's proxy, by which the command line comes, keeps that one for itself."""
OVERLAP = 300.0
"""Seconds that the former token is still good: the kubelet brings a new one to each pod at another time, within two minutes."""
LOOK = 1.0
"""Seconds between two looks at the file."""

_Mark = tuple[int, int, int]


class TokenFile:
    """The token in a file, and the one before it for as long as `OVERLAP`."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds."""
        self._path = path
        self._clock = clock
        self._look = float("-inf")
        self._mark: _Mark | None = None
        self._held: tuple[str, ...] = ()
        self._changed = float("-inf")

    def values(self) -> tuple[str, ...]:
        """The newest first; empty while there has never been one. A file that is away, or empty, changes nothing."""
        now = self._clock()
        if now - self._look >= LOOK:
            self._look = now
            self._read(now)
        return self._held if now - self._changed < OVERLAP else self._held[:1]

    def headers(self) -> dict[str, str]:
        """What a caller sends: every token that it knows, since the other side may know only one of them."""
        known = self.values()
        return {HEADER: ",".join(known)} if known else {}

    def accepts(self, sent: str) -> bool:
        """Whether a `HEADER` holds a token of ours; every pair is compared, so that the time tells nothing."""
        offered = [text.strip().encode() for text in sent.split(",")[:2]]
        return matches(offered, (token.encode() for token in self.values()))

    def _read(self, now: float) -> None:
        try:
            status = self._path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if mark == self._mark:
                return
            text = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return
        self._mark = mark
        if text and self._held[:1] != (text,):
            self._held, self._changed = (text, *self._held[:1]), now


def matches(offered: Iterable[bytes], good: Iterable[bytes]) -> bool:
    """Whether one of `offered` is one of `good`, compared in constant time; nothing is not a match."""
    sent = tuple(offered)
    return sum(hmac.compare_digest(one, other) for other in good for one in sent) > 0
