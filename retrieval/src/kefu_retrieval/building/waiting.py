"""Waiting for the other shards of a version, as long as something comes of them."""

import asyncio
from collections.abc import Callable

from kefu_retrieval.errors import BuildSpoilt, CollectionGone, StoreFailed
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest

POLL_SECONDS = 1.0
"""Between two looks at what the others have done."""
PATIENCE_SECONDS = 300.0
"""How long nothing may come of the others, at least."""
SURVEYS = 3
"""The same in times that the survey took: a pod that is made anew surveys all documents before it stores its next row."""


def patience(surveyed: float) -> float:
    """Seconds for which nothing may come of the others, where the survey took so many."""
    return max(PATIENCE_SECONDS, SURVEYS * surveyed)


async def made(store: Store, collection: str, is_wanted: Callable[[Manifest], bool], patience: float) -> None:
    """Wait until the leader has made the collection, and loaded it: in between, a server has no index of it and refuses much.

    Raises:
        StoreFailed: there is none after `patience` seconds.
        BuildSpoilt: there is another, which the leader goes on with: it came to another plan.
    """
    waited = 0.0
    while (held := store.manifest(collection)) is None or not is_wanted(held) or rows(store, collection) is None:
        if waited >= patience:
            if held is not None and not is_wanted(held):
                raise BuildSpoilt(f"the shards came to different plans for {collection}; all begin anew")
            raise StoreFailed(f"shard 0 has not made {collection} within {patience:.0f} s")
        await asyncio.sleep(POLL_SECONDS)
        waited += POLL_SECONDS


def rows(store: Store, collection: str) -> int | None:
    """How many rows it holds; None where it is not loaded, or not there."""
    try:
        return store.count(collection)
    except CollectionGone:
        return None


async def filled(store: Store, collection: str, wanted: int, patience: float, tell: Callable[[int], None]) -> None:
    """Wait until the collection holds so many rows (`wanted`), or more; `tell` is told how many it holds.

    Raises:
        StoreFailed: nothing has come for `patience` seconds.
    """
    before, waited = -1, 0.0
    while (count := store.count(collection)) < wanted:
        tell(count)
        waited = waited + POLL_SECONDS if count == before else 0.0
        if waited >= patience:
            raise StoreFailed(
                f"{collection} has {count} of {wanted} rows, and nothing came of the other shards for {patience:.0f} s"
            )
        before = count
        await asyncio.sleep(POLL_SECONDS)
