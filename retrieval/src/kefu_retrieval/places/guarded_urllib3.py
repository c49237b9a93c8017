"""urllib3 with guarded addresses, for the one client that wants it (dulwich)."""

import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from kefu_retrieval.places.addresses import Addresses


def guarded_pool(addresses: Addresses, timeout: urllib3.Timeout, retries: urllib3.Retry) -> urllib3.PoolManager:
    """A pool whose every connection, redirects included, keeps to `addresses`; it raises `AddressRefused` raw."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(addresses, self, super()._new_conn)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(addresses, self, super()._new_conn)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pool = urllib3.PoolManager(num_pools=4, timeout=timeout, retries=retries)
    pool.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pool


def _checked(addresses: Addresses, connection: HTTPConnection, connect: Any) -> socket.socket:
    try:
        found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NewConnectionError(connection, f"the name cannot be resolved: {error}") from error
    for each in found:
        addresses.check(connection.host, str(each[4][0]))
    opened: socket.socket = connect()
    try:
        # The name may have been looked up to something else the second time.
        addresses.check(connection.host, str(opened.getpeername()[0]))
    except BaseException:
        opened.close()
        raise
    return opened
