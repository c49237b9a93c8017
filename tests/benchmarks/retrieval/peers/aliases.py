"""Two repairs that the peers need.

pymilvus 2.6's client no longer tells the ORM of its connection, which they look up there; and its pings every ten seconds
make Milvus Lite close the connection ("too_many_pings"), on which LlamaIndex hung: they get the options that Kefu has.
"""

from functools import wraps
from typing import Any

from pymilvus import MilvusClient, connections  # type: ignore[import-untyped]

SELDOM = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": 0}


def mend() -> None:
    """From now on each client made with a URI pings seldom, and gives the ORM a connection of the same alias."""
    make = MilvusClient.__init__

    @wraps(make)
    def made(self: Any, *positional: Any, **named: Any) -> None:
        make(self, *positional, **{"grpc_options": SELDOM, **named})
        if not connections.has_connection(self._using):
            connections.connect(alias=self._using, uri=named["uri"], grpc_options=SELDOM)

    MilvusClient.__init__ = made
