"""Settings of Python and aiohttp that do not suit an operator: it reads many small objects over dozens of connections, for months."""

import linecache
import ssl
from asyncio import sslproto
from typing import Any

from aiohttp import connector

from kefu_api import cycles

YOUNG = 5_000
"""New containers until Python looks for cycles: with twice as many, what waits for the look takes half a MiB more."""
TLS_BYTES = 64 * 1024
"""Four TLS records; an answer of the API server is mostly one."""


def adjust() -> None:
    """Look seldom for reference cycles, keep a small buffer for each TLS connection in place of 256 KiB, and no authorities unasked."""
    # Models read the sources of their fields' docstrings once.
    linecache.clearcache()
    cycles.look_seldom(YOUNG)
    # Not documented, hence set only where it is what it was; the tests tell when it is not.
    if isinstance(getattr(sslproto.SSLProtocol, "max_size", None), int):
        sslproto.SSLProtocol.max_size = TLS_BYTES
    if isinstance(getattr(connector, "_SSL_CONTEXT_UNVERIFIED", None), ssl.SSLContext):
        connector._SSL_CONTEXT_UNVERIFIED = _trusting()
    if isinstance(strict := getattr(connector, "_SSL_CONTEXT_VERIFIED", None), ssl.SSLContext):
        connector._SSL_CONTEXT_VERIFIED = _Verifying.like(strict)


def _trusting() -> ssl.SSLContext:
    """For connections that verify nothing, like aiohttp's own, which yet holds the certificates of all authorities: 0.8 MiB."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(("http/1.1",))
    return context


class _Verifying(ssl.SSLContext):
    """For connections that verify, like aiohttp's own, which yet reads the system's authorities at once: 0.8 MiB.

    Few operators need them, since the API server has an authority of its own. Whoever asked without `wrap_bio` would be refused.
    """

    _is_whole = False

    @classmethod
    def like(cls, other: ssl.SSLContext) -> "_Verifying":
        """As strict as another context."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.options, context.verify_flags = other.options, other.verify_flags
        context.set_alpn_protocols(("http/1.1",))
        return context

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin a connection; the first one reads the authorities."""
        if not self._is_whole:
            self.load_default_certs()
            self._is_whole = True
        return super().wrap_bio(*args, **options)
