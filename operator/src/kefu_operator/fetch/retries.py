"""Trying again while it may help: the waits grow, and progress earns new attempts."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from kefu_operator.fetch.errors import FetchError

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long."""

    attempts: int = 6
    """Attempts in a row that bring nothing new."""
    first_seconds: float = 1.0
    """First wait; doubled each time."""
    longest_seconds: float = 30.0

    def delay(self, failures: int, asked: float | None) -> float:
        """Seconds to wait after `failures` (from 1); `asked` is the source's own wish. Jitter: the upper half."""
        wait = min(self.longest_seconds, self.first_seconds * 2 ** (failures - 1))
        return min(self.longest_seconds, asked) if asked is not None else wait * random.uniform(0.5, 1)  # noqa: S311


class Retries:
    """Runs actions again after temporary failures."""

    def __init__(
        self,
        policy: RetryPolicy,
        sleep: Callable[[float], Awaitable[None]],
        on_retry: Callable[[FetchError, float], None],
    ) -> None:
        self._policy, self._sleep, self._on_retry = policy, sleep, on_retry

    async def run(self, action: Callable[[], Awaitable[Answer]], progress: Callable[[], int] = lambda: 0) -> Answer:
        """Await `action` until it succeeds.

        `progress` counts what is safe already: an attempt that raised it does not count as a failure before it.

        Raises:
            FetchError: permanent, or temporary for `attempts` times in a row.
        """
        failures, before = 0, progress()
        while True:
            try:
                return await action()
            except FetchError as error:
                now = progress()
                failures = 1 if now > before else failures + 1
                before = max(before, now)
                if not error.temporary or failures >= self._policy.attempts:
                    raise
                wait = self._policy.delay(failures, getattr(error, "retry_after", None))
                self._on_retry(error, wait)
                await self._sleep(wait)
