"""What a new version would lose of the published one: a source that comes back half empty must not empty the knowledge."""

from collections.abc import Collection
from dataclasses import dataclass

from kefu_retrieval.errors import CollectionGone
from kefu_retrieval.store.protocol import Store

A_FEW = 10
"""Documents that may go whatever their share is: somebody is writing a small knowledge anew."""


@dataclass(frozen=True)
class Loss:
    """Documents of the published version that a new one lacks."""

    documents: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.documents / self.of if self.of else 0.0

    def beyond(self, limit: float) -> bool:
        """Whether it is more than the share `limit` allows, and more than a person exchanges in one edit."""
        return self.documents > A_FEW and self.share > limit


def loss(store: Store, published: str, documents: Collection[str]) -> Loss | None:
    """What `documents` does not name of the documents in collection `published`; None when that is gone.

    Raises:
        RetrievalError: the store does not say.
    """
    try:
        store.load(published)
        before = {reference.document for reference in store.chunks(published)}
    except CollectionGone:
        return None
    return Loss(len(before.difference(documents)), len(before))
