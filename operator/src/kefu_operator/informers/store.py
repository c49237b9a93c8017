"""Copies of the objects of one kind, packed, found by name, by label or by an index of their own."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from sys import intern

from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.informers.names import Names
from kefu_operator.informers.packing import Packer

Place = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Index:
    """A way of finding objects, equal to all others of its name."""

    name: str
    of_spec: Callable[[Object], tuple[str, ...]] = field(compare=False)
    """Under which values an object is listed for what it wants: read once a generation, for to read a spec takes long."""
    beside: Callable[[Object], tuple[str, ...]] = field(default=lambda _: (), compare=False)
    """Under which more, for what its status says: read of every version."""

    def of(self, found: Object) -> tuple[str, ...]:
        """Under which values an object is listed."""
        return together(self.of_spec(found), self.beside(found))


def together(wanted: tuple[str, ...], beside: tuple[str, ...]) -> tuple[str, ...]:
    """Each value once; what is wanted as it is, where the rest adds nothing to it."""
    return wanted if all(each in wanted for each in beside) else tuple(dict.fromkeys((*wanted, *beside)))


LABELS = (naming.OWNED_BY, naming.ENGINE)
"""By which objects are looked up."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What an index has read of an object."""

    uid: str
    generation: int
    wanted: tuple[str, ...]
    """What its spec says, while uid and generation are these."""
    values: tuple[str, ...]
    """Under which the index lists it; mostly the same tuple."""


_APART = "/"
"""Stands in no value of a label."""
_HEAD = struct.Struct("<qq")
_UNMARKED = 0


class _Entry:
    """One object. There are many, so two numbers stand before the packed object, in place of two Python objects."""

    __slots__ = ("_kept", "labels", "read")

    def __init__(self, version: int, labels: str, packed: bytes, read: _Read | None) -> None:
        self.labels = labels
        """Values of `LABELS` in one text; empty where it has none of that name."""
        self.read = read
        """None where there is no index."""
        self._kept = _HEAD.pack(version, _UNMARKED) + packed

    @property
    def version(self) -> int:
        version: int = _HEAD.unpack_from(self._kept)[0]
        return version

    @property
    def mark(self) -> int:
        """Hash of what this version is known to hold; 0: it was not looked at."""
        mark: int = _HEAD.unpack_from(self._kept)[1]
        return mark

    @mark.setter
    def mark(self, mark: int) -> None:
        self._kept = _HEAD.pack(self.version, mark) + self.packed

    @property
    def packed(self) -> bytes:
        return self._kept[_HEAD.size :]

    @property
    def values(self) -> tuple[str, ...]:
        """Under which the index lists it."""
        return self.read.values if self.read else ()


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
        # By namespace first, and lists by what lists them: one key for many objects.
        self._entries: dict[str, dict[str, _Entry]] = {}
        self._listed: dict[tuple[str, object], Names[str]] = {}

    def put(self, found: Object) -> bool:
        """Keep a copy; False where this version or a newer one is kept already."""
        if self.knows(found):
            return False
        meta = found["metadata"]
        namespace, name, version = meta["namespace"], meta["name"], version_of(found)
        before = self._kept(namespace, name)
        fresh = self._entry_of(found, version, before)
        if before is None or (before.labels, before.values) != (fresh.labels, fresh.values):
            self._unlist(namespace, name, before)
            self._list(namespace, name, fresh)
        self._entries.setdefault(namespace, {})[name] = fresh
        return True

    def knows(self, found: Object) -> bool:
        """Whether this version of an object is kept, or a newer one."""
        entry = self._kept(found["metadata"]["namespace"], found["metadata"]["name"])
        return entry is not None and entry.version >= version_of(found)

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
        entry = self._kept(namespace, name)
        if entry is None or (version is not None and entry.version > version):
            return None
        del self._entries[namespace][name]
        if not self._entries[namespace]:
            del self._entries[namespace]
        self._unlist(namespace, name, entry)
        return self._packer.unpack(entry.packed)

    def get(self, namespace: str, name: str) -> Object | None:
        """The copy of an object."""
        entry = self._kept(namespace, name)
        return self._packer.unpack(entry.packed) if entry else None

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
        kept = self._entries if namespace is None else {namespace: self._entries.get(namespace, {})}
        return [(each, name) for each, entries in kept.items() for name in entries]

    def _entry(self, found: Object) -> _Entry | None:
        meta = found["metadata"]
        entry = self._kept(meta["namespace"], meta["name"])
        return entry if entry and entry.version == version_of(found) else None

    def _under(self, namespace: str, index: object, value: str) -> tuple[Object, ...]:
        listed = self._listed.get((namespace, index))
        names = listed.under(value) if listed else ()
        return tuple(self._packer.unpack(self._entries[namespace][name].packed) for name in names)

    def _kept(self, namespace: str, name: str) -> _Entry | None:
        entries = self._entries.get(namespace)
        return entries.get(name) if entries else None

    def _entry_of(self, found: Object, version: int, before: _Entry | None) -> _Entry:
        labels = found["metadata"].get("labels") or {}
        # Interned, for all objects of one owner carry the same values, in every store.
        values = intern(_APART.join(labels.get(label, "") for label in LABELS))
        return _Entry(version, values, self._packer.pack(found), self._read(found, before.read if before else None))

    def _read(self, found: Object, before: _Read | None) -> _Read | None:
        """Indexes look at specs, and reading one costs more than all the rest: not again while it is the same."""
        if self._index is None:
            return None
        uid, generation = found["metadata"].get("uid", ""), found["metadata"].get("generation", 0)
        same = before and (before.uid, before.generation) == (uid, generation)
        wanted = before.wanted if before and same else self._index.of_spec(found)
        values = together(wanted, self._index.beside(found))
        if before and same and values == before.values:
            return before
        return _Read(uid, generation, wanted, values)

    def _list(self, namespace: str, name: str, entry: _Entry) -> None:
        for index, value in self._lists_of(entry):
            self._listed.setdefault((namespace, index), Names()).add(value, name)

    def _unlist(self, namespace: str, name: str, entry: _Entry | None) -> None:
        for index, value in self._lists_of(entry) if entry else ():
            listed = self._listed[namespace, index]
            listed.discard(value, name)
            if not listed:
                del self._listed[namespace, index]

    def _lists_of(self, entry: _Entry) -> Iterator[tuple[object, str]]:
        for label, value in zip(LABELS, entry.labels.split(_APART), strict=True):
            if value:
                yield label, intern(value)
                yield label, ""
        for value in entry.values:
            yield self._index, value


def version_of(found: Object) -> int:
    """An object's resource version."""
    return int(found["metadata"]["resourceVersion"])
