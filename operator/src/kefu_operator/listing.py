"""Waiting until watches have listed what there is, as long as they get on: ten thousand objects take longer than one that is broken may."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

SYNC_SECONDS = 30
"""How long is waited while no page of a list comes."""
LOOK_SECONDS = 1.0


class Listing(Protocol):
    """A watch that lists before it follows."""

    synced: asyncio.Event
    """It has listed everything."""
    pages: int
    """Of lists, that have come so far."""


async def wait_for_lists(watches: Iterable[Listing], looks: int = SYNC_SECONDS, seconds: float = LOOK_SECONDS) -> bool:
    """Whether all have listed; False when nothing new came for `looks` looks, `seconds` apart."""
    behind, left = list(watches), looks
    while left and (behind := [each for each in behind if not each.synced.is_set()]):
        before = [each.pages for each in behind]
        waiting = [asyncio.ensure_future(each.synced.wait()) for each in behind]
        _, unseen = await asyncio.wait(waiting, timeout=seconds)
        for task in unseen:
            task.cancel()
        stands_still = len(unseen) == len(behind) and before == [each.pages for each in behind]
        left = left - 1 if stands_still else looks
    return not behind
