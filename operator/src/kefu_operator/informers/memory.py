"""What a watch remembers of the objects that it has seen, so that it knows what has changed."""

from collections.abc import Callable, Iterable
from typing import Protocol

from kefu_operator.desired.types import Object
from kefu_operator.informers.store import Place, Store, version_of

Projection = Callable[[Object], object]
"""What of an object matters."""


class Memory(Protocol):
    """Of one watch."""

    def see(self, found: Object) -> bool:
        """Remember an object; whether what matters of it has changed."""

    def drop(self, place: Place, version: int) -> Object | None:
        """Forget an object that was gone at a version; what its labels say, or None where it was forgotten already."""

    def places(self, namespace: str | None) -> Iterable[Place]:
        """Of all that is remembered."""


class Bodies:
    """Whole objects, in the store that reconciles read from."""

    def __init__(self, store: Store, project: Projection) -> None:
        self._store = store
        self._project = project

    def see(self, found: Object) -> bool:
        """Remember an object; whether what matters of it has changed."""
        if self._project is version_of:
            return self._store.put(found)
        if self._store.knows(found):
            return False
        meta = found["metadata"]
        before = self._store.get(meta["namespace"], meta["name"])
        self._store.put(found)
        return before is None or self._project(before) != self._project(found)

    def drop(self, place: Place, version: int) -> Object | None:
        """Forget an object that was gone at a version, unless it was made anew since; its last copy."""
        return self._store.drop(*place, version)

    def places(self, namespace: str | None) -> Iterable[Place]:
        """Of all that is remembered."""
        return self._store.places(namespace)


class Projections:
    """Nothing but what matters."""

    def __init__(self, project: Projection) -> None:
        self._project = project
        self._known: dict[Place, object] = {}

    def see(self, found: Object) -> bool:
        """Remember an object; whether what matters of it has changed."""
        meta = found["metadata"]
        place, projected = (meta["namespace"], meta["name"]), self._project(found)
        if self._known.get(place) == projected:
            return False
        self._known[place] = projected
        return True

    def drop(self, place: Place, version: int) -> Object | None:
        """Forget an object; its name."""
        if self._known.pop(place, None) is None:
            return None
        return {"metadata": {"namespace": place[0], "name": place[1]}}

    def places(self, namespace: str | None) -> Iterable[Place]:
        """Of all that is remembered."""
        return [place for place in self._known if namespace is None or place[0] == namespace]
