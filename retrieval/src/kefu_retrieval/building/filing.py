"""Which files a later version need not read: noted while they are read and cut, on disk but for a few numbers each."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from kefu_retrieval.building.ledger import Filed, Said
from kefu_retrieval.chunks.boilerplate import Boilerplate
from kefu_retrieval.scratch.spool import Spool
from kefu_retrieval.sources.document import FaqEntry, Origin, Page, Reading

COMMON = 0.15
"""Share of a source's pages on which its commonest line may be: none then comes near `boilerplate.MOST` by what may change."""
_FILED = TypeAdapter(Filed)


@dataclass
class _Notes:
    """Of the file that is being cut."""

    number: int
    documents: dict[str, None] = field(default_factory=dict)
    pages: int = 0
    said: list[bytes] = field(default_factory=list)
    sketches: list[bytes] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)


class Filing:
    """Told of every file that is read, then of every document and its chunks in the same order."""

    def __init__(self) -> None:
        self._origins: list[Origin | None] = []
        self._documents = array("I")
        """Number of each document's file."""
        self._chunks = array("I")
        """The same of each chunk that is stored."""
        self._unsettled: set[int] = set()
        self._spool = Spool(_FILED)
        self._numbers = array("I")
        """Of the files in the spool."""
        self._notes = _Notes(-1)
        self._place = 0

    def read(self, reading: Reading) -> None:
        """A file was read."""
        if reading.omissions:
            self._unsettled.add(len(self._origins))
        self._documents.extend([len(self._origins)] * (len(reading.entries) + len(reading.pages)))
        self._origins.append(reading.origin)

    def cut(self, document: FaqEntry | Page) -> None:
        """The next document is cut."""
        number = self._documents[self._place]
        self._place += 1
        if number != self._notes.number:
            self._close()
            self._notes = _Notes(number)
        self._notes.documents[document.document] = None
        self._notes.pages += isinstance(document, Page)

    def stored(self, said: bytes, sketched: bytes) -> None:
        """A chunk of it is stored."""
        self._chunks.append(self._notes.number)
        self._notes.said.append(said)
        self._notes.sketches.append(sketched)
        self._notes.owners.append(len(self._notes.documents) - 1)

    def shared(self, first: int) -> None:
        """A chunk of it says what the chunk that was stored as number `first` (from 0) says."""
        self._unsettled |= {self._notes.number, self._chunks[first]}

    def settled(self, boilerplate: Boilerplate) -> Iterator[Filed]:
        """The files that need not be read again while they stay as they are."""
        self._close()
        for number, filed in zip(self._numbers, self._spool, strict=True):
            if number not in self._unsettled and boilerplate.common(filed.origin.source) <= COMMON:
                yield filed

    def close(self) -> None:
        """Give the space back."""
        self._spool.close()

    def _close(self) -> None:
        notes, self._notes = self._notes, _Notes(-1)
        origin = self._origins[notes.number] if notes.number >= 0 else None
        if origin is not None:
            chunks = zip(notes.said, notes.sketches, notes.owners, strict=True)
            self._spool.append(Filed(origin, (*notes.documents,), notes.pages, tuple(Said(*each) for each in chunks)))
            self._numbers.append(notes.number)
