"""All stores together: what a reader finds without asking the API server, and what a writer adds at once."""

from collections.abc import Callable, Mapping

from kefu_operator.desired.types import Object
from kefu_operator.informers.store import LABELS, Index, Store
from kefu_operator.resources import Resource, resource_of

Written = Callable[[Object], None]
"""Told of each object that we wrote and that no watch will tell of any more."""


class Copies:
    """Of the kinds that are watched, once a watch has listed them."""

    def __init__(self, stores: Mapping[Resource, Store] | None = None, written: Written = lambda _: None) -> None:
        self._stores = dict(stores or {})
        self._written = written
        self._complete: set[tuple[Resource, str | None]] = set()

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

    def learn(self, written: Object) -> None:
        """We wrote this: readers find it from now on."""
        resource = resource_of(written)
        store = self._stores.get(resource)
        if store and store.put(written):
            self._written(written)

    def forget(self, deleted: Object) -> None:
        """We deleted this very object."""
        store, meta = self._stores.get(resource_of(deleted)), deleted["metadata"]
        if store and store.uid(meta["namespace"], meta["name"]) == meta["uid"]:
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
