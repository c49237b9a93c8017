"""What every place can do, and how one fetch of one is run."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from kefu_api import digest
from kefu_api.documents.fetch import FetchSource, Limits
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
    """Bring the shelf to what the place of `source` holds now; as `bring`."""
    return await bring(place, shelf, source.limits, settings_of(source), now)


def settings_of(source: FetchSource) -> str:
    """Digest of what a snapshot depends on beside the place's state."""
    return digest.of_value(source.place.model_dump(mode="json"))


async def bring(
    place: Place, shelf: Shelf, limits: Limits, settings: str, now: Callable[[], datetime] = utc_now
) -> Fetched:
    """Bring the shelf to what the place holds now.

    Args:
        place: where the files are.
        shelf: where they go.
        limits: what it may cost.
        settings: digest of what the files depend on beside the place's state.
        now: the clock.

    Raises:
        PlaceMissing: it holds no document at all: an empty table or bucket is a mistake far more often than a wish.
        PlaceUnreachable: it took longer than the limit; what was received is not received again.
        RetrievalError: others as the place says; the snapshot before stays the current one.
    """
    with shelf.writing():
        gathering = Gathering(shelf, limits, settings)
        try:
            async with asyncio.timeout(limits.seconds):
                await place.fetch(gathering)
        except TimeoutError as error:
            raise PlaceUnreachable(
                f"fetching took longer than {limits.seconds:g} s; it goes on from here at the next attempt"
            ) from error
        snapshot = gathering.snapshot(now)
        if not snapshot.files:
            raise PlaceMissing(_nothing(snapshot))
        shelf.publish(snapshot)
    return Fetched(snapshot, gathering.received)


def _nothing(snapshot: Snapshot) -> str:
    first = f"; {snapshot.left_out[0].name}: {snapshot.left_out[0].reason}" if snapshot.left_out else ""
    return f"the place holds no document ({snapshot.left_out_total} left out{first}); what was fetched before is kept"
