"""The queue of keys to reconcile: each key once, never twice at a time, failures with growing delays.

Pure: it holds no clock and no task; `workers` brings both. The semantics are those of client-go's rate-limited workqueue.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import uniform
from typing import NamedTuple


class Key(NamedTuple):
    """What a reconcile is about."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Backoff:
    """Delays between tries, in seconds: doubling from `first` to `ceiling`, each shortened by up to a fifth."""

    first: float = 0.5
    ceiling: float = 120
    spread: Callable[[], float] = lambda: uniform(0.8, 1)  # noqa: S311 - not a secret

    def delay(self, failures: int) -> float:
        """Delay after so many failures in a row (from 1)."""
        doubled = self.first * 2.0 ** min(failures - 1, 32)
        return float(min(doubled, self.ceiling) * self.spread())


class KeyQueue:
    """De-duplicating, per-key serial, with delays.

    A key is waiting (due at a time), running, or unknown. One that is added while it runs is run once more afterwards.
    """

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._due: dict[Key, float] = {}
        # What `_due` holds, soonest first; an entry whose time is not its key's any more counts for nothing.
        self._order: list[tuple[float, int, Key]] = []
        self._ticket = count()
        self._waiting: Counter[str] = Counter()
        self._running: set[Key] = set()
        self._again: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}

    def add(self, key: Key, at: float) -> None:
        """Let the key be run at `at` or, where it waits already, at the earlier of the two times."""
        if key in self._running:
            self._again[key] = min(at, self._again.get(key, at))
            return
        before = self._due.get(key)
        if before is None:
            self._waiting[key.kind] += 1
        elif before <= at:
            return
        self._due[key] = at
        heappush(self._order, (at, next(self._ticket), key))

    def take(self, now: float, behind: Callable[[Key], Iterable[Key]] = lambda _: ()) -> Key | None:
        """The key that is due for the longest, which now counts as running; None where none is due.

        Args:
            now: the time.
            behind: the keys that a key waits for while they are due or run.
        """
        aside = []
        taken = None
        while taken is None and (due := self.next_due()) is not None and due <= now:
            entry = heappop(self._order)
            if any(self._is_busy(other, now) for other in behind(entry[2])):
                # It keeps its place, so that what belongs together is done together.
                aside.append(entry)
                continue
            taken = entry[2]
        for entry in aside:
            heappush(self._order, entry)
        if taken is not None:
            del self._due[taken]
            self._waiting[taken.kind] -= 1
            self._running.add(taken)
        return taken

    def done(self, key: Key, again_at: float | None = None) -> None:
        """The key's run succeeded; `again_at`: run it again then, whatever happens."""
        self._failures.pop(key, None)
        self._leave(key, again_at)

    def failed(self, key: Key, now: float, at_least: float = 0) -> float:
        """The key's run failed; it comes again after a growing delay of at least `at_least` seconds, which is returned."""
        self._failures[key] = self._failures.get(key, 0) + 1
        delay = max(self._backoff.delay(self._failures[key]), at_least)
        # What happened meanwhile must not cut the delay short: a failing key would spin.
        self._again.pop(key, None)
        self._leave(key, now + delay)
        return delay

    def next_due(self) -> float | None:
        """When the next waiting key is due; None where none waits."""
        while self._order and self._due.get(self._order[0][2]) != self._order[0][0]:
            heappop(self._order)
        return self._order[0][0] if self._order else None

    def depth(self, kind: str) -> int:
        """How many keys of a kind wait."""
        return self._waiting[kind]

    def _is_busy(self, key: Key, now: float) -> bool:
        return key in self._running or self._due.get(key, now + 1) <= now

    def _leave(self, key: Key, again_at: float | None) -> None:
        self._running.discard(key)
        if again_at is not None:
            self.add(key, again_at)
        meanwhile = self._again.pop(key, None)
        if meanwhile is not None:
            self.add(key, meanwhile)
