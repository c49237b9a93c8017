"""What a new version would lose of the published one: a source that comes back half empty must not empty the knowledge."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from kefu_retrieval.store.rows import mark

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


def loss(before: AbstractSet[str], documents: Iterable[str]) -> Loss:
    """What `documents` does not name of those whose marks are `before`."""
    lacking = set(before)
    lacking.difference_update(map(mark, documents))
    return Loss(len(lacking), len(before))
