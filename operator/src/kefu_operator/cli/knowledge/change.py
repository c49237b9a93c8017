"""Choosing versions to go between, and waiting until one answers."""

import time
from collections.abc import Callable

from kefu_operator.cli.errors import NotFound, Unreachable
from kefu_operator.cli.knowledge.place import IndexView, Place

POLL = 0.1
"""Seconds between two looks."""


def before_it(view: IndexView) -> str:
    """The version to go back to: the newest one that was built before the published one and was not refused.

    Raises:
        NotFound: nothing is published, or nothing was before.
    """
    names = [held.version for held in view.versions]
    if view.published not in names:
        raise NotFound(f"KnowledgeIndex {view.name} has published nothing that could be left")
    older = view.versions[names.index(view.published) + 1 :]
    found = next((held.version for held in older if held.state == "Kept"), None)
    if found is None:
        raise NotFound(
            f"KnowledgeIndex {view.name} keeps no version from before {view.published}: name one with --to, "
            "or raise spec.publishing.keep"
        )
    return found


def newest_other(view: IndexView) -> tuple[str, str]:
    """Two versions to compare: from the published one to a newer one, or to it from the one before.

    Raises:
        NotFound: there are no two.
    """
    names = [held.version for held in view.versions]
    others = [name for name in names if name != view.published]
    if view.published not in names or not others:
        raise NotFound(f"KnowledgeIndex {view.name} holds no two versions to compare")
    if names[0] != view.published:
        return view.published, names[0]
    return others[0], view.published


def wait_for(
    place: Place,
    index: str,
    version: str,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Wait until a version answers; how many seconds it took.

    Raises:
        Unreachable: it does not within `patience` seconds; the text says what is told of the index.
    """
    began = clock()
    while (view := place.indexes()[index]).published != version:
        if clock() - began > patience:
            told = f": {view.trouble}" if view.trouble else "; see `kefu status`"
            raise Unreachable(f"{version} does not answer after {patience:g} s{told}")
        sleep(POLL)
    return clock() - began
