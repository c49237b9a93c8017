"""Server-sent events from bytes, so that a token costs a split and not a parser."""


class EventLines:
    """Cuts a byte stream, however it is chunked, into the payloads of its `data:` lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads completed by this chunk; comments, other fields and blank lines are left out."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]
