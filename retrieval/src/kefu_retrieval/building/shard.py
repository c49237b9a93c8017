"""A version that several processes build together: each stores the documents that fall to it, and the first one leads.

All of them survey all documents, so that each comes to the same plan without asking another: what is read twice costs a
processor a moment, and what is embedded is embedded once. The leader makes the collection, waits until every row is
there, and releases the version; the others wait for the collection, store their part and are done. Whoever was killed reads
which rows are there and goes on.

A collection that cannot be gone on with is never begun anew beside others that fill it: the leader drops it and ends them
all (`BuildSpoilt`), and when they are started again none is there.
"""

from dataclasses import dataclass

from kefu_retrieval.errors import IndexInvalid
from kefu_retrieval.store.rows import mark


@dataclass(frozen=True)
class Shard:
    """One part of a version."""

    number: int = 0
    """From 0; the leader's."""
    of: int = 1

    @classmethod
    def numbered(cls, number: int, of: int | None) -> "Shard":
        """The part of this number; `of` None: the whole, whatever the number.

        Raises:
            IndexInvalid: there is no such part.
        """
        if of is None:
            return WHOLE
        if not 0 <= number < of:
            raise IndexInvalid(f"JOB_COMPLETION_INDEX is {number}, and {of} jobs build this version: it must be below")
        return cls(number, of)

    @property
    def leads(self) -> bool:
        """Whether it makes the collection and releases the version."""
        return self.number == 0

    @property
    def alone(self) -> bool:
        """Whether nobody else builds the version."""
        return self.of == 1

    def has(self, document: str) -> bool:
        """Whether a document falls to it: by a hash of its name, so that a document of the next version falls to the same."""
        return int(mark(document), 16) % self.of == self.number


WHOLE = Shard()
"""One process alone."""
