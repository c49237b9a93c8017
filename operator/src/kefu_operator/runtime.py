"""Python's own settings where they do not suit an operator: it reads many small objects over dozens of connections, for months."""

import linecache
from asyncio import sslproto

from kefu_api import cycles

TLS_BYTES = 64 * 1024
"""Four TLS records; an answer of the API server is mostly one."""


def adjust() -> None:
    """Look seldom for reference cycles, and keep a small buffer for each TLS connection in place of 256 KiB."""
    # Models read the sources of their fields' docstrings once.
    linecache.clearcache()
    cycles.look_seldom()
    # Not documented, hence set only where it is what it was; the tests tell when it is not.
    if isinstance(getattr(sslproto.SSLProtocol, "max_size", None), int):
        sslproto.SSLProtocol.max_size = TLS_BYTES
