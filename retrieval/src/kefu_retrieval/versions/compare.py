"""Two versions in the store, compared by reading only what may differ.

Of a collection that both take rows from, the documents that both show are equal, and those that neither shows are in neither:
only those that one of them passes over are read.
"""

from collections.abc import Collection, Iterable
from itertools import chain
from math import inf

from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import MARKED_BYTES, Manifest, mark
from kefu_retrieval.store.view import View
from kefu_retrieval.versions.diff import Contents, Diff, contents, diff

FEW = 1_000
"""Documents for whose rows a collection is asked by name; where more are wanted it is read as a whole."""


class TooManyRows(Exception):
    """Comparing would have to read more rows than it may."""


def compare(store: Store, before: Manifest, after: Manifest, known: Iterable[str] = (), most: float = inf) -> Diff:
    """What `after` changes in `before`.

    `known`: names of documents that a version may have had. Versions say by marks what they pass over, and a name does not
    follow from its mark.

    Raises:
        TooManyRows: a collection of more than `most` rows would have to be read as a whole.
        RetrievalError: the store does not say.
    """
    old, new = View.of(store, before), View.of(store, after)
    rows = {layer.collection: layer.rows for view in (old, new) for layer in view.layers}
    differing = _differing(old, new)
    held: dict[str, Contents] = {}
    for collection in rows.keys() - differing.keys():
        if rows[collection] > most:
            raise TooManyRows
        held[collection] = contents(store.chunks(collection))
    for collection, marks in differing.items():
        if not marks:
            held[collection] = {}
            continue
        names = _names(marks, chain(known, *held.values()))
        if names is None and rows[collection] > most:
            raise TooManyRows
        held[collection] = contents(each for each in store.chunks(collection, names) if mark(each.document) in marks)
    return diff(_seen(old, held), _seen(new, held))


def _differing(old: View, new: View) -> dict[str, frozenset[str]]:
    """Collections of both, with the marks of the documents that only one of them shows."""
    one, other = ({layer.collection: layer.hidden for layer in view.layers} for view in (old, new))
    return {collection: one[collection] ^ other[collection] for collection in one.keys() & other.keys()}


def _names(marks: Collection[str], known: Iterable[str]) -> set[str] | None:
    """The documents with these marks; None where they are many, or one is not known."""
    if len(marks) > FEW:
        return None
    found = {name for name in known if mark(name) in marks}
    certain = {mark(name) for name in found if len(name.encode()) < MARKED_BYTES}
    return found if len(certain) == len(marks) else None


def _seen(view: View, held: dict[str, Contents]) -> Contents:
    """What the version says in the documents that were read; no document is in two of its layers."""
    return {
        document: said
        for layer in view.layers
        for document, said in held[layer.collection].items()
        if layer.shows(document)
    }
