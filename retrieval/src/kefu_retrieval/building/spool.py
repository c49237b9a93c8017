"""A list on disk: what one pass over the documents leaves for the next, so that memory does not grow with them."""

import tempfile
from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

IN_MEMORY = 8 * 1024 * 1024
"""Bytes that stay in memory; what is longer goes to a file without a name, which goes with the process."""


class Spool(Generic[T]):
    """Appended to, then read from its beginning, as often as wanted."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        """`adapter` turns an item into JSON and back."""
        self._adapter = adapter
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._length = 0

    def append(self, item: T) -> None:
        """Add an item behind the others."""
        self._file.write(self._adapter.dump_json(item) + b"\n")
        self._length += 1

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        self._file.seek(0)
        for line in self._file:
            yield self._adapter.validate_json(line)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
