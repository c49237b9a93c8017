"""All stores together: what a reader finds without asking the API server, and what a writer adds at once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from kefu_operator.desired.types import Object
from kefu_operator.informers.store import LABELS, Index, Place, Store, version_of
from kefu_operator.informers.untold import Untold
from kefu_operator.resources import Resource, resource_of

Written = Callable[[Object], None]
"""Told of each object that we wrote and that no watch will tell of any more."""


@dataclass(frozen=True)
class _News:
    version: int
    tell: Callable[[], None]


class Copies:
    """Of the kinds that are watched, once a watch has listed them."""

    def __init__(self, stores: Mapping[Resource, Store] | None = None, written: Written = lambda _: None) -> None:
        self._stores = dict(stores or {})
        self._written = written
        self._untold = Untold()
        self._complete: set[tuple[Resource, str | None]] = set()
        self._held: dict[tuple[Resource, Place], list[_News]] = {}

    def store(self, resource: Resource) -> Store | None:
        """Where a kind is kept."""
        return self._stores.get(resource)

    def completed(self, resource: Resource, namespace: str | None) -> None:
        """A watch has listed the kind in a namespace, or in all of them, and follows it."""
        self._complete.add((resource, namespace))

    def covering(self, resource: Resource, namespace: str | None) -> Store | None:
        """The store that holds all of a kind in a namespace; None where the API server must be asked."""
        known = {(resource, namespace), (resource, None)} & self._complete
        return self._stores.get(resource) if known else None

    def find(self, resource: Resource, namespace: str | None, labels: str) -> tuple[Object, ...] | None:
        """What a list would give; None where the API server must be asked."""
        store = self.covering(resource, namespace)
        label, _, value = labels.partition("=")
        if store is None or namespace is None:
            return None
        if label in LABELS:
            return store.labelled(namespace, label, value)
        return tuple(store.all(namespace)) if store.whole and not labels else None

    @contextmanager
    def writing(self, about: Object) -> Iterator[None]:
        """While we write an object, a watch's news of it is held, for it may tell of what we write; the rest is told afterwards."""
        meta = about["metadata"]
        key = (resource_of(about), (meta["namespace"], meta["name"]))
        self._held.setdefault(key, [])
        try:
            yield
        finally:
            for news in self._held.pop(key, ()):
                news.tell()

    def hold(self, resource: Resource, found: Object, tell: Callable[[], None]) -> bool:
        """Whether news of an object is held, to be told when we have written it and it was not our own."""
        held = self._held.get((resource, (found["metadata"]["namespace"], found["metadata"]["name"])))
        if held is None:
            return False
        held.append(_News(version_of(found), tell))
        return True

    def learn(self, written: Object) -> None:
        """We wrote this: readers find it from now on."""
        resource, meta = resource_of(written), written["metadata"]
        store = self._stores.get(resource)
        if store is None:
            return
        held = self._held.get((resource, (meta["namespace"], meta["name"])), [])
        own = [news for news in held if news.version == version_of(written)]
        for news in own:
            held.remove(news)
        fresh = store.put(written)
        if fresh:
            self._untold.add(resource, version_of(written))
        if fresh or own:
            self._written(written)

    def told(self, resource: Resource, event: bytes) -> int | None:
        """The version that an event of a watch tells of, where it is of an own write that we have learnt of already."""
        return self._untold.told(resource, event)

    def forget(self, deleted: Object) -> None:
        """We deleted this very object; where a watch has told that it goes, its end will be told too, and wakes."""
        store, meta = self._stores.get(resource_of(deleted)), deleted["metadata"]
        kept = store.get(meta["namespace"], meta["name"]) if store else None
        if store and kept and kept["metadata"].get("uid") == meta["uid"] and not _goes(kept):
            store.drop(meta["namespace"], meta["name"])

    def mark(self, found: Object, mark: int) -> None:
        """Remember that this version of an object holds what the hash stands for."""
        store = self._stores.get(resource_of(found))
        if store:
            store.mark(found, mark)

    def is_marked(self, found: Object, mark: int) -> bool:
        """Whether that is known of this version of an object."""
        store = self._stores.get(resource_of(found))
        return store is not None and store.is_marked(found, mark)

    def select(self, resource: Resource, namespace: str, index: Index, value: str) -> tuple[Object, ...] | None:
        """What an index lists under a value; None where the API server must be asked."""
        store = self.covering(resource, namespace)
        return store.indexed(namespace, value) if store and store.has(index) else None


def _goes(found: Object) -> bool:
    return "deletionTimestamp" in found["metadata"]
