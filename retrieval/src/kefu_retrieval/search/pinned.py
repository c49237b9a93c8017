"""Searchers that stay with one version each, for releases that are answered from it whatever is published meanwhile."""

from collections import OrderedDict
from collections.abc import Callable

from kefu_retrieval.search.searcher import Searcher

KEPT = 4
"""Versions that are ready beside the published one: a stable release and a candidate, and as many of another chatbot's."""


class Pinned:
    """Makes a searcher when its version is first asked for; the one that nobody has asked for longest goes."""

    def __init__(self, make: Callable[[str], Searcher], kept: int = KEPT) -> None:
        """`make`: the searcher of a version."""
        self._make = make
        self._kept = kept
        self._searchers: OrderedDict[str, Searcher] = OrderedDict()

    def of(self, version: str) -> Searcher:
        """The searcher of that version."""
        if version not in self._searchers:
            self._searchers[version] = self._make(version)
        self._searchers.move_to_end(version)
        while len(self._searchers) > self._kept:
            self._searchers.popitem(last=False)
        return self._searchers[version]
