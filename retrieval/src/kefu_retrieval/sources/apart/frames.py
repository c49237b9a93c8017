"""How this process and the parsing child talk over pipes: JSON and bytes, each behind its length. Never pickle: the child
has read untrusted documents."""

import json
import struct
from typing import IO, Any

_LENGTH = struct.Struct(">Q")


def write(stream: IO[bytes], part: bytes) -> None:
    """Send one part.

    Raises:
        OSError: the other side is gone.
    """
    stream.write(_LENGTH.pack(len(part)))
    stream.write(part)
    stream.flush()


def read(stream: IO[bytes], bound: int) -> bytes | None:
    """Receive one part; None at the end of the stream, or where it is longer than `bound` bytes or cut short."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > bound:
        return None
    part = stream.read(length)
    return part if len(part) == length else None


def of_json(value: object) -> bytes:
    """A JSON value as a part."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def to_json(part: bytes) -> Any:
    """The JSON value of a part."""
    return json.loads(part)
