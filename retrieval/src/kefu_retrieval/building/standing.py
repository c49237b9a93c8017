"""What readers search now, read once: what a new version may lose of it, and be built on."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from kefu_retrieval.building.plan import Documents, by_document
from kefu_retrieval.errors import CollectionGone
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.store.view import View


@dataclass(frozen=True)
class Standing:
    """The published version."""

    documents: AbstractSet[str]
    """Marks of its documents."""
    base: Manifest
    """The version that holds all rows of its own: the published one, or what that is built on."""
    rows: Documents
    """Of `base`."""


def standing(store: Store, collection: str | None) -> Standing | None:
    """The version that `collection` holds; None when it is gone, or is none of Kefu's.

    Raises:
        RetrievalError: the store does not say.
    """
    manifest = store.manifest(collection) if collection else None
    if manifest is None:
        return None
    try:
        view = View.of(store, manifest)
        view.load()
        held = by_document((each.document, each.row) for each in store.chunks(view.layers[-1].collection))
        own = by_document((each.document, each.row) for each in view.layers[0].chunks()) if view.base else held
    except CollectionGone:
        return None
    return Standing((held.keys() - view.layers[-1].hidden) | own.keys(), view.base or manifest, held)
