"""Where a cluster can come from: what every provider can do, and which there are."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hack.cluster.errors import UsageError
from hack.cluster.part import Part


class Provider(Protocol):
    """A cluster that can be started, asked, fed with images and removed."""

    def start_runtime(self) -> None:
        """Start as much of it as `load` needs, so that images need not wait for what is compiled."""

    def up(self, extras: list[str]) -> None:
        """Start it unless it runs, and wait until its node is Ready."""

    def down(self) -> None:
        """Remove it with all that it left on the machine."""

    def status(self) -> list[Part]:
        """Say what runs."""

    def environment(self) -> dict[str, str]:
        """Return KUBECONFIG and what else a user of the cluster needs to know."""

    def command(self, words: list[str]) -> list[str]:
        """Return the command line that runs these words inside the node."""

    def load(self, archives: list[Path]) -> None:
        """Import docker-archives into the node."""

    def logs(self, component: str | None) -> str:
        """Return a component's log, or the list of components."""


def _native() -> Provider:
    from hack.cluster.node.native import Native

    return Native()


def _kind() -> Provider:
    from hack.cluster.kind import Kind

    return Kind()


def _current() -> Provider:
    from hack.cluster.current import Current

    return Current()


PROVIDERS: dict[str, Callable[[], Provider]] = {"native": _native, "kind": _kind, "current": _current}


def choose(name: str) -> Provider:
    """Return the provider of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in PROVIDERS:
        raise UsageError(f"KEFU_CLUSTER is {name!r}; set it to one of {', '.join(PROVIDERS)}")
    return PROVIDERS[name]()
