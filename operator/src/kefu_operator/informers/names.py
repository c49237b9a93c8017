"""Names listed under keys, where most keys have few: a set for each would take more than all names together."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FEW = 8
"""Names under one key that are looked through one by one."""


class Names(Generic[K]):
    """Which names stand under which key."""

    def __init__(self) -> None:
        self._names: dict[K, tuple[str, ...] | set[str]] = {}

    def add(self, key: K, name: str) -> None:
        """List a name; one that is listed already is no error."""
        known = self._names.get(key, ())
        if name in known:
            return
        if isinstance(known, set):
            known.add(name)
        else:
            self._names[key] = (*known, name) if len(known) < FEW else {*known, name}

    def discard(self, key: K, name: str) -> None:
        """Take a name off; one that is not listed is no error."""
        known = self._names.get(key, ())
        if isinstance(known, set):
            known.discard(name)
        elif name in known:
            known = self._names[key] = tuple(each for each in known if each != name)
        if not known:
            self._names.pop(key, None)

    def __bool__(self) -> bool:
        return bool(self._names)

    def under(self, key: K) -> list[str]:
        """The names, in order."""
        return sorted(self._names.get(key, ()))
