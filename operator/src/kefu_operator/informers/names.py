"""Names listed under keys, where most keys have few: a set for each would take more than all names together."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FEW = 8
"""Names under one key that are looked through one by one."""


class Names(Generic[K]):
    """Which names stand under which key."""

    def __init__(self) -> None:
        self._names: dict[K, str | tuple[str, ...] | set[str]] = {}

    def add(self, key: K, name: str) -> None:
        """List a name; one that is listed already is no error."""
        known = self._names.get(key)
        if known is None:
            self._names[key] = name
        elif isinstance(known, set):
            known.add(name)
        elif name not in (names := _several(known)):
            self._names[key] = (*names, name) if len(names) < FEW else {*names, name}

    def discard(self, key: K, name: str) -> None:
        """Take a name off; one that is not listed is no error."""
        known = self._names.get(key, ())
        if isinstance(known, set):
            known.discard(name)
        else:
            known = tuple(each for each in _several(known) if each != name)
            self._names[key] = known[0] if len(known) == 1 else known
        if not known:
            self._names.pop(key, None)

    def __bool__(self) -> bool:
        return bool(self._names)

    def under(self, key: K) -> list[str]:
        """The names, in order."""
        known = self._names.get(key, ())
        return sorted(known) if isinstance(known, set) else sorted(_several(known))


def _several(known: str | tuple[str, ...]) -> tuple[str, ...]:
    return (known,) if isinstance(known, str) else known
