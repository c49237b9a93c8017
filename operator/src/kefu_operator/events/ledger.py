"""Which event is posted, which one counts on, and which one is too much: what is told, not how often it happens.

Modelled on client-go's EventCorrelator (`tools/record/events_cache.go`): equal events count on in the one that stands, and
every object has a bucket of tokens, so that one that flaps fills neither etcd nor a reader's screen. Pure: the clock is handed in.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from kefu_operator.desired.types import Object

SAME_SECONDS = 600
"""After so long without it, an equal event is news again."""
BURST = 10
"""New or counted events that an object may have at once."""
REFILL_SECONDS = 60
"""Until an object may have one more."""
MOST = 4096
"""Objects and events that are remembered; those that were silent the longest are forgotten."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Post:
    """Create the event."""

    event: Object


@dataclass(frozen=True)
class Count:
    """The event of this name happened again: so often by now, last as `event` says."""

    name: str
    count: int
    event: Object


@dataclass
class _Told:
    name: str
    count: int
    at: float


@dataclass
class _Bucket:
    tokens: float
    at: float


class Ledger:
    """What was told; lost with the process, after which an event may be told once more."""

    def __init__(self, most: int = MOST) -> None:
        self._told: _Recent[_Told] = _Recent(most)
        self._buckets: _Recent[_Bucket] = _Recent(most)

    def decide(self, event: Object, now: float) -> Post | Count | None:
        """What to do about an event; None: nothing, since its object has had too many.

        Events about one object with one reason are equal whatever their message says: a message often holds a number, and the
        last one is what matters.

        Args:
            event: as it would be posted.
            now: seconds that only grow.
        """
        about = event["involvedObject"]
        if not self._may(str(about["uid"]), now):
            return None
        key = (str(about["uid"]), str(event["type"]), str(event["reason"]))
        before = self._told.get(key)
        if before and now - before.at <= SAME_SECONDS:
            before.count, before.at = before.count + 1, now
            return Count(before.name, before.count, event)
        self._told.put(key, _Told(event["metadata"]["name"], 1, now))
        return Post(event)

    def lost(self, event: Object) -> None:
        """The event that was to be counted on is gone: an equal one is news again."""
        about = event["involvedObject"]
        self._told.drop((str(about["uid"]), str(event["type"]), str(event["reason"])))

    def _may(self, uid: str, now: float) -> bool:
        bucket = self._buckets.get((uid,)) or _Bucket(BURST, now)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.at) / REFILL_SECONDS)
        bucket.at = now
        self._buckets.put((uid,), bucket)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


class _Recent(Generic[Item]):
    """A dictionary of bounded size."""

    def __init__(self, most: int) -> None:
        self._items: OrderedDict[tuple[str, ...], Item] = OrderedDict()
        self._most = most

    def get(self, key: tuple[str, ...]) -> Item | None:
        found = self._items.get(key)
        if found is not None:
            self._items.move_to_end(key)
        return found

    def put(self, key: tuple[str, ...], item: Item) -> None:
        self._items[key] = item
        self._items.move_to_end(key)
        if len(self._items) > self._most:
            self._items.popitem(last=False)

    def drop(self, key: tuple[str, ...]) -> None:
        self._items.pop(key, None)
