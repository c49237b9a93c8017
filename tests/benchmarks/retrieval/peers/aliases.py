"""A repair that the peers need: pymilvus 2.6's client no longer tells the ORM of its connection, which they look up there."""

from functools import wraps
from typing import Any

from pymilvus import MilvusClient, connections  # type: ignore[import-untyped]


def mend() -> None:
    """From now on each client made with a URI gives the ORM a connection of the same alias."""
    make = MilvusClient.__init__

    @wraps(make)
    def made(self: Any, *positional: Any, **named: Any) -> None:
        make(self, *positional, **named)
        if not connections.has_connection(self._using):
            connections.connect(alias=self._using, uri=named["uri"])

    MilvusClient.__init__ = made
