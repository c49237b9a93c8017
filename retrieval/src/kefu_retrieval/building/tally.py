"""Rows by document on disk, for as long as it takes to note them."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from kefu_retrieval.building.plan import Rows
from kefu_retrieval.scratch.table import Table
from kefu_retrieval.store.rows import mark

_COUNT, _SUM = 4, 16
"""Bytes of `Rows.count` and `Rows.sum`."""


class Tally:
    """What `plan.by_document` gives, of as many documents as there may be."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        """`rows`: documents and ids of rows."""
        self._table = Table()
        for document, some in groupby(rows, key=itemgetter(0)):  # a document's rows mostly come together
            key = mark(document).encode()
            total = _unpacked(self._table.get(key))
            for _, row in some:
                total = total.with_id(row)
            self._table.put(key, total.count.to_bytes(_COUNT) + total.sum.to_bytes(_SUM))

    def __iter__(self) -> Iterator[tuple[str, Rows]]:
        """Marks of documents, in their order, each with its rows."""
        return ((key.decode(), _unpacked(value)) for key, value in self._table.items())

    def close(self) -> None:
        """Give the space back."""
        self._table.close()


def _unpacked(value: bytes | None) -> Rows:
    return Rows(int.from_bytes(value[:_COUNT]), int.from_bytes(value[_COUNT:])) if value else Rows()
