"""Working for a client only as long as it is there: when it hangs up, the work is cancelled at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from kefu_serving.web.asgi import Receive
from kefu_serving.web.body import ClientGone

T = TypeVar("T")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_listening(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; raises ClientGone when the client leaves first, after the work has been cancelled."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        for pending in (task, watch):
            pending.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)
