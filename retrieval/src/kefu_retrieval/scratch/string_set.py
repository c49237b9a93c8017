"""A set of strings on disk: ids of rows, names of documents."""

from collections.abc import Iterable, Iterator

from kefu_retrieval.scratch.table import Table


class StringSet:
    """What of `set` a build needs."""

    def __init__(self, strings: Iterable[str] = ()) -> None:
        self._table = Table()
        self.update(strings)

    def add(self, string: str) -> bool:
        """Whether it is new."""
        return self._table.add(string.encode())

    def update(self, strings: Iterable[str]) -> None:
        """Add all of them."""
        for string in strings:
            self.add(string)

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and string.encode() in self._table

    def __iter__(self) -> Iterator[str]:
        """Sorted; none may be added meanwhile."""
        return (key.decode() for key in self._table)

    def __len__(self) -> int:
        return len(self._table)

    def close(self) -> None:
        """Give the space back."""
        self._table.close()
