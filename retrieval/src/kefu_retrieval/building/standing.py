"""What readers search now, read once: what a new version may lose of it, and be built on."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass

from kefu_retrieval.building import ledger as ledgers
from kefu_retrieval.building.ledger import Ledger
from kefu_retrieval.building.plan import Documents, by_document
from kefu_retrieval.errors import CollectionGone
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.store.view import View


@dataclass(frozen=True)
class Standing:
    """The published version; to be closed."""

    documents: AbstractSet[str]
    """Marks of its documents."""
    base: Manifest
    """The version that holds all rows of its own: the published one, or what that is built on."""
    rows: Documents
    """Of `base`."""
    ledger: Ledger | None = None
    """What `base` remembers of its files; None: nothing, or nothing of use."""

    def named(self) -> Iterator[str]:
        """Documents of `base` whose names are remembered."""
        return self.ledger.named() if self.ledger else iter(())

    def close(self) -> None:
        """Give the ledger's space back; what it names stays known."""
        if self.ledger:
            self.ledger.close()


def standing(store: Store, collection: str | None, made_by: str) -> Standing | None:
    """The version that `collection` holds; None when it is gone, or is none of Kefu's. `made_by`: of a ledger that is of use.

    Raises:
        RetrievalError: the store does not say.
    """
    manifest = store.manifest(collection) if collection else None
    if manifest is None:
        return None
    with ExitStack() as stack:
        try:
            view = View.of(store, manifest)
            view.load()
            ledger = ledgers.read(store.notes(view.layers[-1].collection))
            if ledger:
                stack.callback(ledger.close)
            held = ledger.documents if ledger else _scanned(store, view.layers[-1].collection)
            own = _scanned(store, view.collection) if view.base and manifest.rows else {}
        except CollectionGone:
            return None
        documents = (held.keys() - view.layers[-1].hidden) | own.keys()
        if ledger is None or ledger.made_by != made_by:
            return Standing(documents, view.base or manifest, held)
        stack.pop_all()
        return Standing(documents, view.base or manifest, held, ledger)


def _scanned(store: Store, collection: str) -> Documents:
    return by_document((each.document, each.row) for each in store.chunks(collection))
