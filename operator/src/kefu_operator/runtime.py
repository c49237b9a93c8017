"""Python's own settings where they do not suit an operator: it reads many small objects over few connections, for months."""

import gc
from asyncio import sslproto

YOUNG, MIDDLE, OLD = 10_000, 20, 20
"""New containers until the youngest are looked at, and how many such looks until older ones are."""
TLS_BYTES = 64 * 1024
"""Four TLS records; an answer of the API server is mostly one."""


def adjust() -> None:
    """Look seldom for reference cycles, and never again at what was imported so far; keep small buffers.

    By its defaults Python looks for cycles after every 700 new containers, and an object of Kubernetes has hundreds: an eighth
    of the processor time went there, while reference counts alone free nearly all that a reconcile leaves behind. And each TLS
    connection, of which there are dozens, keeps a buffer of 256 KiB.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    # Not documented, hence set only where it is what it was; the tests tell when it is not.
    if isinstance(getattr(sslproto.SSLProtocol, "max_size", None), int):
        sslproto.SSLProtocol.max_size = TLS_BYTES
