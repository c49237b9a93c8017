"""Asking a shadow what a customer has asked: after the customer has the answer, beside all else, and heard by nobody."""

import asyncio
import logging

from kefu_serving.errors import GatewayError
from kefu_serving.metrics import Instruments
from kefu_serving.runtime import Runtime
from kefu_serving.turn.state import Asked, Turn, Variant

AT_ONCE = 4
"""Shadow turns under way; what comes beyond is dropped, for customers need the engine more."""

log = logging.getLogger(__name__)


class Nobody:
    """The end of a turn at which nobody listens."""

    async def begin(self, turn: Turn) -> None:
        """Nothing."""

    async def delta(self, text: str) -> None:
        """Nothing."""


class Mirror:
    """Runs shadow turns."""

    def __init__(self, instruments: Instruments, at_once: int = AT_ONCE) -> None:
        self._instruments = instruments
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()

    def ask(self, runtime: Runtime, turn: Turn, variant: Variant) -> None:
        """Begin a shadow turn of `runtime` after `turn`, with the same memory, and leave none of its own."""
        if len(self._running) >= self._at_once:
            self._instruments.shadows_dropped.inc()
            return
        asked = Asked(
            message=turn.asked.message,
            channel=turn.asked.channel,
            owner=turn.asked.owner,
            user=turn.asked.user,
            # What the client keeps is never written to the session store.
            history=turn.history,
            request_id=turn.asked.request_id,
            headers=turn.asked.headers,
            variant=variant,
        )
        task = asyncio.create_task(self._run(runtime, asked))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, runtime: Runtime, asked: Asked) -> None:
        try:
            await runtime.conversation.turn(asked, Nobody())
        except GatewayError as error:
            log.info("shadow turn failed", extra={"fields": {"code": error.code, "reason": str(error)[:300]}})
