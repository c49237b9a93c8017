"""The first reconcile waits for lists that get on, however long they are, and not for one that cannot be had."""

import asyncio

from kefu_operator.listing import wait_for_lists

LOOKS, SECONDS = 3, 0.02


class Watch:
    """Lists so many pages, one a look."""

    def __init__(self, pages: int | None) -> None:
        self.synced, self.pages, self._wanted = asyncio.Event(), 0, pages

    async def run(self) -> None:
        """Until all have come; None: without end and without a page."""
        if self._wanted is None:
            await asyncio.Event().wait()
        while self.pages < (self._wanted or 0):
            await asyncio.sleep(SECONDS)
            self.pages += 1
        self.synced.set()


async def waited_for(*watches: Watch) -> bool:
    running = [asyncio.ensure_future(each.run()) for each in watches]
    try:
        return await wait_for_lists(watches, LOOKS, SECONDS)
    finally:
        for each in running:
            each.cancel()


async def test_long_lists_are_waited_for() -> None:
    long = Watch(LOOKS * 10)
    assert await waited_for(Watch(1), long)
    assert long.pages == LOOKS * 10


async def test_one_that_cannot_be_had_is_waited_for_no_longer_than_it_takes_to_tell() -> None:
    short = Watch(2)
    assert not await waited_for(short, Watch(None))
    assert short.synced.is_set()


async def test_nothing_is_waited_for_where_all_is_there() -> None:
    there = Watch(0)
    there.synced.set()
    assert await waited_for(there)
    assert await waited_for()
