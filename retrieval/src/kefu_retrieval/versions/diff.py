"""What differs between two versions: documents by name, chunks by what they say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from kefu_api.documents.index import Difference
from kefu_retrieval.store.rows import ChunkRef

Contents = dict[str, Counter[str]]
"""Digests of what a document's chunks say, by document."""


@dataclass(frozen=True)
class Diff:
    """Names of documents, sorted, and how many chunks came, changed and went."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    chunks: Difference

    @property
    def documents(self) -> Difference:
        """How many documents."""
        return Difference(added=len(self.added), changed=len(self.changed), removed=len(self.removed))


def contents(chunks: Iterable[ChunkRef]) -> Contents:
    """What each document says; a chunk that comes several times counts once."""
    seen: dict[str, dict[str, str]] = {}
    for each in chunks:
        seen.setdefault(each.document, {})[each.chunk] = each.content or each.chunk
    return {document: Counter(held.values()) for document, held in seen.items()}


def diff(before: Contents, after: Contents) -> Diff:
    """From `before` to `after`.

    Of a document that is in both, as many chunks count as changed as have come and gone alike: one whose text was edited is
    one changed chunk, not one added and one removed.
    """
    added, changed, removed = 0, 0, 0
    touched = []
    for document in before.keys() | after.keys():
        old, new = before.get(document, Counter()), after.get(document, Counter())
        came, went = (new - old).total(), (old - new).total()
        if document in before and document in after:
            both = min(came, went)
            changed, added, removed = changed + both, added + came - both, removed + went - both
            touched += [document] if came or went else []
        else:
            added, removed = added + came, removed + went
    return Diff(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(touched)),
        removed=tuple(sorted(before.keys() - after.keys())),
        chunks=Difference(added=added, changed=changed, removed=removed),
    )
