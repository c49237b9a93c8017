"""Workers: take keys from the queue and reconcile them, so many at a time, until told to stop."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from kefu_operator.errors import ApiError, NotLeading
from kefu_operator.metrics import Metrics
from kefu_operator.queue import Key, KeyQueue

log = logging.getLogger(__name__)


MOMENT = 0.02
"""Seconds between two looks at the queue while something runs and nothing happens."""
FENCED_SECONDS = 1
"""How long until a reconcile is looked at again that may not write, because the lease is gone."""


@dataclass(frozen=True)
class Again:
    """What a reconcile may ask for: another run of the same key after so many seconds."""

    after: float | None = None


Reconcile = Callable[[str, str], Awaitable[Again]]
"""From namespace and name."""


class Workers:
    """Runs reconciles; its `add` may be called from the loop's thread only."""

    def __init__(
        self,
        queue: KeyQueue,
        reconciles: Mapping[str, Reconcile],
        metrics: Metrics,
        *,
        limit: int,
        behind: Callable[[Key], Iterable[Key]] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            queue: of the keys.
            reconciles: by kind.
            metrics: for depth, outcomes and durations.
            limit: how many reconciles run at a time.
            behind: the keys that a key waits for while they are due or run, since it tells what came of them.
            clock: seconds that only grow.
        """
        self._queue = queue
        self._reconciles = reconciles
        self._metrics = metrics
        self._limit = limit
        self._behind = behind
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._paused = False
        for kind in reconciles:
            metrics.queue_depth.labels(kind).set_function(partial(queue.depth, kind))

    def add(self, key: Key, delay: float = 0) -> None:
        """Let a key be reconciled after `delay` seconds."""
        self._queue.add(key, self._clock() + delay)
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Begin no reconcile while paused; keys are kept."""
        self._paused = paused
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then let the running reconciles end."""
        stopping = asyncio.create_task(self._wake_at(stop))
        while not stop.is_set():
            self._wake.clear()
            self._start_due()
            await self._sleep()
        stopping.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=10)

    def _start_due(self) -> None:
        while not self._full and (key := self._queue.take(self._clock(), self._behind)):
            task = asyncio.create_task(self._reconcile(key), name=f"reconcile {'/'.join(key)}")
            self._running.add(task)
            task.add_done_callback(self._ended)

    @property
    def _full(self) -> bool:
        return self._paused or len(self._running) >= self._limit

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _sleep(self) -> None:
        due = self._queue.next_due()
        # A key that is due and waits for another is taken when that one has ended, which wakes.
        least = MOMENT if self._running else 0
        seconds = None if due is None or self._full else max(due - self._clock(), least)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _reconcile(self, key: Key) -> None:
        started = self._clock()
        inner: asyncio.Task[Again] = asyncio.ensure_future(self._reconciles[key.kind](key.namespace, key.name))
        await asyncio.wait({inner})
        self._metrics.seconds.labels(key.kind).observe(self._clock() - started)
        # Read from the task, so that a defect in one reconcile is told in full and stops no other.
        error = None if inner.cancelled() else inner.exception()
        if error is None and not inner.cancelled():
            again = inner.result().after
            self._queue.done(key, None if again is None else self._clock() + again)
            self._metrics.reconciles.labels(key.kind, "ok").inc()
            return
        if isinstance(error, NotLeading):
            # Whoever leads does it; should it be us again, it is done anew.
            self._queue.done(key, self._clock() + FENCED_SECONDS)
            self._metrics.reconciles.labels(key.kind, "fenced").inc()
            return
        at_least = error.retry_after if isinstance(error, ApiError) else 0
        delay = self._queue.failed(key, self._clock(), at_least)
        expected = isinstance(error, ApiError)
        self._metrics.reconciles.labels(key.kind, "retried" if expected else "defect").inc()
        log.log(
            logging.WARNING if expected else logging.ERROR,
            "reconcile of %s %s/%s failed, next try in %.1f s: %s",
            key.kind, key.namespace, key.name, delay, error,
            exc_info=None if expected else error,
        )  # fmt: skip
