"""What every place can do, and how one fetch of one is run."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from kefu_api import digest
from kefu_api.documents.fetch import FetchSource
from kefu_retrieval.errors import PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.gathering import Gathering
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.places.snapshot import Snapshot


class Place(Protocol):
    """Somewhere that files are."""

    async def fetch(self, gathering: Gathering) -> None:
        """Tell `gathering` of every file that is there now: kept where it has not changed, received where it has.

        Raises:
            RetrievalError: the place as a whole cannot be read, `temporary` or not; nothing of this fetch is seen.
        """
        ...


@dataclass(frozen=True)
class Fetched:
    """What came of a fetch."""

    snapshot: Snapshot
    received: int
    """Files whose content was transferred."""


def utc_now() -> datetime:
    """The time, for snapshots."""
    return datetime.now(UTC)


async def fetch(source: FetchSource, place: Place, shelf: Shelf, now: Callable[[], datetime] = utc_now) -> Fetched:
    """Bring the shelf to what the place holds now.

    Raises:
        PlaceMissing: it holds no document at all: an empty table or bucket is a mistake far more often than a wish.
        PlaceUnreachable: it took longer than the source's limit; what was received is not received again.
        RetrievalError: others as the place says; the snapshot before stays the current one.
    """
    settings = digest.of_value(source.place.model_dump(mode="json"))
    with shelf.writing():
        gathering = Gathering(shelf, source.limits, settings)
        try:
            async with asyncio.timeout(source.limits.seconds):
                await place.fetch(gathering)
        except TimeoutError as error:
            raise PlaceUnreachable(
                f"fetching took longer than {source.limits.seconds:g} s; it goes on from here at the next attempt"
            ) from error
        snapshot = gathering.snapshot(now)
        if not snapshot.files:
            raise PlaceMissing(_nothing(snapshot))
        shelf.publish(snapshot)
    return Fetched(snapshot, gathering.received)


def _nothing(snapshot: Snapshot) -> str:
    first = f"; {snapshot.left_out[0].name}: {snapshot.left_out[0].reason}" if snapshot.left_out else ""
    return f"the place holds no document ({snapshot.left_out_total} left out{first}); what was fetched before is kept"
