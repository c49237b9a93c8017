"""Copies of the objects of one kind, packed, found by name, by label or by an index of their own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.informers.packing import Packer

Place = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Index:
    """A way of finding objects, equal to all others of its name."""

    name: str
    of: Callable[[Object], tuple[str, ...]] = field(compare=False)
    """Under which values an object is listed."""


LABELS = (naming.OWNED_BY, naming.ENGINE)
"""By which objects are looked up."""


@dataclass(slots=True)
class _Entry:
    uid: str
    version: int
    generation: int
    values: tuple[tuple[object, str], ...]
    """Where it is listed: an index, and its value there."""
    packed: bytes
    mark: int = 0
    """Hash of what this version is known to hold; 0: it was not looked at."""


class Store:
    """Of one kind.

    Resource versions of one kind are whole numbers that only grow (KEP-5504), so an older copy never takes a newer one's
    place, whether the watch told of it or our own write did.
    """

    def __init__(self, index: Index | None = None, *, whole: bool = False) -> None:
        self.whole = whole
        """Whether it holds users' objects of the kind too, and not ours alone."""
        self._index = index
        self._packer = Packer()
        self._entries: dict[Place, _Entry] = {}
        self._listed: dict[tuple[str, object, str], set[str]] = {}

    def put(self, found: Object) -> bool:
        """Keep a copy; False where this version or a newer one is kept already."""
        meta = found["metadata"]
        place, version = (meta["namespace"], meta["name"]), version_of(found)
        before = self._entries.get(place)
        if before and before.version >= version:
            return False
        values = self._values(found, before)
        if before is None or before.values != values:
            self._unlist(place, before)
            self._list(place, values)
        self._entries[place] = _Entry(
            meta.get("uid", ""), version, meta.get("generation", 0), values, self._packer.pack(found)
        )
        return True

    def mark(self, found: Object, mark: int) -> None:
        """This version of the object holds what the hash stands for."""
        entry = self._entry(found)
        if entry:
            entry.mark = mark

    def is_marked(self, found: Object, mark: int) -> bool:
        """Whether that is known of this version of the object."""
        entry = self._entry(found)
        return entry is not None and entry.mark == mark

    def drop(self, namespace: str, name: str, version: int | None = None) -> Object | None:
        """Forget an object unless a newer version than this is kept; its last copy."""
        place = (namespace, name)
        entry = self._entries.get(place)
        if entry is None or (version is not None and entry.version > version):
            return None
        del self._entries[place]
        self._unlist(place, entry)
        return self._packer.unpack(entry.packed)

    def get(self, namespace: str, name: str) -> Object | None:
        """The copy of an object."""
        entry = self._entries.get((namespace, name))
        return self._packer.unpack(entry.packed) if entry else None

    def uid(self, namespace: str, name: str) -> str | None:
        """Of the object that is kept under a name."""
        entry = self._entries.get((namespace, name))
        return entry.uid if entry else None

    def labelled(self, namespace: str, label: str, value: str) -> tuple[Object, ...]:
        """All that carry one of `LABELS`; an empty value: whatever its value is."""
        return self._under(namespace, label, value)

    def has(self, index: Index) -> bool:
        """Whether objects are listed by this index."""
        return self._index == index

    def indexed(self, namespace: str, value: str) -> tuple[Object, ...]:
        """All that the index lists under a value."""
        return self._under(namespace, self._index, value)

    def all(self, namespace: str | None) -> Iterator[Object]:
        """Everything, one after the other."""
        for place in self.places(namespace):
            found = self.get(*place)
            if found:
                yield found

    def places(self, namespace: str | None) -> list[Place]:
        """Where objects are kept; None: in every namespace."""
        return [place for place in self._entries if namespace is None or place[0] == namespace]

    def _entry(self, found: Object) -> _Entry | None:
        meta = found["metadata"]
        entry = self._entries.get((meta["namespace"], meta["name"]))
        return entry if entry and entry.version == version_of(found) else None

    def _under(self, namespace: str, index: object, value: str) -> tuple[Object, ...]:
        names = sorted(self._listed.get((namespace, index, value), ()))
        return tuple(self._packer.unpack(self._entries[namespace, name].packed) for name in names)

    def _values(self, found: Object, before: _Entry | None) -> tuple[tuple[object, str], ...]:
        meta = found["metadata"]
        labels = meta.get("labels") or {}
        named = tuple((label, value) for label in LABELS if label in labels for value in (labels[label], ""))
        if self._index is None:
            return named
        if before and (before.uid, before.generation) == (meta.get("uid", ""), meta.get("generation", 0)):
            # Indexes look at specs, and reading one costs more than all the rest.
            return named + tuple(each for each in before.values if each[0] == self._index)
        return named + tuple((self._index, value) for value in self._index.of(found))

    def _list(self, place: Place, values: Iterable[tuple[object, str]]) -> None:
        for index, value in values:
            self._listed.setdefault((place[0], index, value), set()).add(place[1])

    def _unlist(self, place: Place, entry: _Entry | None) -> None:
        for index, value in entry.values if entry else ():
            names = self._listed[place[0], index, value]
            names.discard(place[1])
            if not names:
                del self._listed[place[0], index, value]


def version_of(found: Object) -> int:
    """An object's resource version."""
    return int(found["metadata"]["resourceVersion"])
