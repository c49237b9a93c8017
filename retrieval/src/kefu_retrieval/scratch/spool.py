"""A list on disk: what one pass over the documents leaves for the next, so that memory does not grow with them."""

import tempfile
from collections.abc import Collection, Iterator
from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Spool(Generic[T]):
    """Appended to, then read from its beginning, as often as wanted."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        """`adapter` turns an item into JSON and back."""
        self._adapter = adapter
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._length = 0

    def append(self, item: T) -> int:
        """Add an item behind the others, and return its place."""
        place = self._file.tell()
        self._file.write(self._adapter.dump_json(item) + b"\n")
        self._length += 1
        return place

    def at(self, place: int) -> T:
        """The item that `append` put there; all must be added before the first is asked for."""
        self._file.seek(place)
        return self._adapter.validate_json(self._file.readline())

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return map(self._adapter.validate_json, self._lines())

    def pick(self, numbers: Collection[int]) -> dict[int, T]:
        """The items of these numbers, from 0."""
        if not numbers:
            return {}
        lines = enumerate(self._lines())
        return {number: self._adapter.validate_json(line) for number, line in lines if number in numbers}

    def close(self) -> None:
        """Give the space back."""
        self._file.close()

    def _lines(self) -> Iterator[bytes]:
        self._file.seek(0)
        yield from self._file
