"""Telling somebody else's system of hand-offs: signed, tried a few times, and beside the turn, which never waits for it."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from kefu_api.documents.release import HandoffWebhook
from kefu_api.signing import read_secrets, signed_headers
from kefu_api.wire.handoff import HandoffEvent

SECONDS = 5.0
"""Longest wait for one answer."""
PAUSES = (1.0, 5.0, 20.0)
"""Seconds between tries."""
AT_ONCE = 64
"""Events under way; what comes beyond is not delivered, since a receiver that is away must not fill our memory."""

log = logging.getLogger(__name__)


class Couriers:
    """What is under way to all webhooks of the process."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()

    def go(self, delivery: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Begin a delivery; False where there is no room."""
        if len(self._running) >= self._at_once:
            return False
        task = asyncio.create_task(delivery())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return True

    async def close(self, seconds: float = SECONDS) -> None:
        """Wait that long for what is under way, then end it."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


class Webhook:
    """One receiver."""

    def __init__(
        self,
        http: ClientSession,
        target: HandoffWebhook,
        couriers: Couriers,
        undelivered: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            http: to post with.
            target: address and key.
            couriers: that carry.
            undelivered: is told the type of every event that does not arrive.
            sleep: between tries.
            clock: seconds since 1970.
        """
        self._http = http
        self._url = target.url
        self._secret = Path(target.secret_file)
        self._couriers = couriers
        self._undelivered = undelivered
        self._sleep = sleep
        self._clock = clock

    def tell(self, event: HandoffEvent) -> None:
        """Have an event delivered, beside all else."""
        key = f"msg_{secrets.token_hex(12)}"
        body = event.model_dump_json(by_alias=True, exclude_none=True).encode()
        if not self._couriers.go(lambda: self._deliver(event.type, key, body)):
            self._lost(event.type, key, "too many are under way")

    async def _deliver(self, kind: str, key: str, body: bytes) -> None:
        reason = await self._post(key, body)
        for pause in PAUSES:
            if reason is None:
                return
            await self._sleep(pause)
            reason = await self._post(key, body)
        if reason is not None:
            self._lost(kind, key, reason)

    async def _post(self, key: str, body: bytes) -> str | None:
        """Why it was not taken; None: it was. Redirects are not followed, for nobody declared where they lead."""
        try:
            signed = signed_headers(read_secrets(self._secret.read_text()), key, int(self._clock()), body)
            headers = {"content-type": "application/json", **signed}
            async with self._http.post(
                self._url, data=body, headers=headers, timeout=ClientTimeout(total=SECONDS), allow_redirects=False
            ) as response:
                return None if 200 <= response.status < 300 else f"HTTP {response.status}"
        except (
            ClientError,
            OSError,
            ValueError,
        ) as error:  # OSError: the time-out, or no key; ValueError: no good key.
            return type(error).__name__

    def _lost(self, kind: str, key: str, reason: str) -> None:
        self._undelivered(kind)
        log.warning("webhook not delivered", extra={"fields": {"event": kind, "id": key, "reason": reason}})
