"""Asking Redis within a bound, and leaving it alone for a while once it did not answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from redis.exceptions import RedisError, ResponseError

from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions.cooldown import Cooldown

OPERATION_SECONDS = 0.5
"""Longest wait for Redis in a turn, connecting included; a store in the same cluster answers in one millisecond."""

T = TypeVar("T")


class Bounded:
    """Awaits one operation at a time; `cooldown` is shared by all that talk to the same server."""

    def __init__(self, cooldown: Cooldown) -> None:
        self._cooldown = cooldown

    async def __call__(self, operation: Awaitable[T]) -> T:
        """What Redis answers. Raises SessionStoreAway."""
        if self._cooldown.active:
            if asyncio.iscoroutine(operation):
                operation.close()
            raise SessionStoreAway("the session store was away a moment ago")
        try:
            async with asyncio.timeout(2 * OPERATION_SECONDS):
                result = await operation
        except ResponseError as error:
            # It is there, and said no to this at once: that keeps nobody waiting, and others may get their answer.
            raise SessionStoreAway(f"the session store refuses: {type(error).__name__}") from error
        except (RedisError, OSError, TimeoutError) as error:
            self._cooldown.start()
            raise SessionStoreAway(f"the session store does not answer: {type(error).__name__}") from error
        self._cooldown.stop()
        return result
